package postgres

// Queries of rights begin with needed and answer, for each right that the role
// lacks: the position of the need, the owner and whether that is a superuser,
// the schema (or the database), the kind of object, and what is denied. Each
// takes all needs, and answers for those of its own kind. They look into the
// catalog alone: no name is resolved by the server, which would fail for a
// schema that the role may not use.
const needed = `
WITH need AS (
	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY AS n (rgt, kind, schema, name, args, ord)
), path AS (
	SELECT n.oid, p.ord FROM unnest(current_schemas(true)) WITH ORDINALITY AS p (name, ord) JOIN pg_namespace n ON n.nspname = p.name
), me AS (
	SELECT r.rolsuper, r.rolcreaterole FROM pg_roles r WHERE r.rolname = current_user
)`

// relationRights: a schema that may not be used hides all that is in it. An
// index belongs to whom its table belongs to, so the table is told.
const relationRights = `
SELECT ord - 1, coalesce(o.rolname, ''), coalesce(o.rolsuper, true), nspname,
       CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                    WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'i' THEN indexed WHEN 'I' THEN indexed ELSE 'TABLE' END,
       CASE WHEN NOT usable THEN 'use' ELSE rgt END
FROM (
	SELECT need.ord, need.rgt, c.relowner, c.nspowner, c.nspname, c.relkind,
	       (SELECT format('INDEX OF %I.%I', n.nspname, t.relname) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.indexrelid = c.oid) AS indexed,
	       has_schema_privilege(c.namespace, 'USAGE') AS usable,
	       CASE need.rgt
	       WHEN 'owner' THEN pg_has_role(c.relowner, 'USAGE')
	       WHEN 'drop' THEN pg_has_role(c.relowner, 'USAGE') OR pg_has_role(c.nspowner, 'USAGE')
	       WHEN 'maintain' THEN pg_has_role(c.relowner, 'USAGE') OR current_setting('server_version_num')::int >= 170000 AND has_table_privilege(c.oid, 'MAINTAIN')
	       WHEN 'grant' THEN pg_has_role(c.relowner, 'USAGE') OR has_any_column_privilege(c.oid, 'SELECT WITH GRANT OPTION, INSERT WITH GRANT OPTION, UPDATE WITH GRANT OPTION, REFERENCES WITH GRANT OPTION')
	           OR has_table_privilege(c.oid, 'DELETE WITH GRANT OPTION, TRUNCATE WITH GRANT OPTION, TRIGGER WITH GRANT OPTION')
	       WHEN 'beside' THEN has_schema_privilege(c.namespace, 'CREATE')
	       WHEN 'references' THEN has_any_column_privilege(c.oid, 'REFERENCES')
	       WHEN 'insert' THEN has_any_column_privilege(c.oid, 'INSERT')
	       WHEN 'update' THEN has_any_column_privilege(c.oid, 'UPDATE')
	       ELSE has_table_privilege(c.oid, need.rgt) END AS held
	FROM need CROSS JOIN LATERAL (
		SELECT c.oid, c.relowner, c.relkind, n.nspname, n.nspowner, n.oid AS namespace
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN path ON path.oid = n.oid
		WHERE c.relname = need.name AND CASE need.schema WHEN '' THEN path.ord IS NOT NULL ELSE n.nspname = need.schema END
		ORDER BY path.ord LIMIT 1) c
	WHERE need.kind = 'relation' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I')
) x LEFT JOIN pg_roles o ON o.oid = CASE WHEN NOT usable OR rgt = 'beside' THEN nspowner ELSE relowner END
WHERE NOT usable OR NOT held ORDER BY ord`

// schemaRights: without a name it is the first schema of the search_path that
// the role may use; when there is none, nothing can be created.
const schemaRights = `
SELECT need.ord - 1, coalesce(o.rolname, ''), coalesce(o.rolsuper, true), coalesce(n.nspname, ''), 'SCHEMA', need.rgt
FROM need LEFT JOIN pg_namespace n ON n.nspname = coalesce(nullif(need.name, ''), current_schema())
LEFT JOIN pg_roles o ON o.oid = n.nspowner
WHERE need.kind = 'schema' AND CASE
	WHEN n.oid IS NULL THEN need.name = ''
	WHEN need.rgt = 'create' THEN NOT has_schema_privilege(n.oid, 'CREATE')
	ELSE NOT pg_has_role(n.nspowner, 'USAGE') END
ORDER BY need.ord`

const typeRights = `
SELECT need.ord - 1, coalesce(o.rolname, ''), coalesce(o.rolsuper, true), t.nspname, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, need.rgt
FROM need CROSS JOIN LATERAL (
	SELECT t.typowner, t.typtype, n.nspname, n.nspowner
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN path ON path.oid = n.oid
	WHERE t.typname = need.name AND CASE need.schema WHEN '' THEN path.ord IS NOT NULL ELSE n.nspname = need.schema END
	ORDER BY path.ord LIMIT 1) t
LEFT JOIN pg_roles o ON o.oid = t.typowner
WHERE need.kind = 'type' AND NOT pg_has_role(t.typowner, 'USAGE') AND NOT (need.rgt = 'drop' AND pg_has_role(t.nspowner, 'USAGE'))
ORDER BY need.ord`

// functionRights: which of several functions is meant is not compared type by
// type, so one that the role owns speaks for all of as many arguments.
const functionRights = `
SELECT need.ord - 1, coalesce(o.rolname, ''), coalesce(o.rolsuper, true), p.nspname, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, need.rgt
FROM need CROSS JOIN LATERAL (
	SELECT min(p.proowner::bigint)::oid AS owner, min(p.prokind) AS prokind, min(n.nspname) AS nspname, count(*) AS found, min(path.ord) AS first,
	       bool_or(pg_has_role(p.proowner, 'USAGE') OR need.rgt = 'drop' AND pg_has_role(n.nspowner, 'USAGE')) AS held
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN path ON path.oid = n.oid
	WHERE p.proname = need.name AND (need.args < 0 OR p.pronargs = need.args)
	  AND CASE need.schema WHEN '' THEN path.ord IS NOT NULL AND n.nspname <> 'pg_catalog' ELSE n.nspname = need.schema END
	HAVING count(*) > 0) p
LEFT JOIN pg_roles o ON o.oid = p.owner
WHERE need.kind = 'function' AND NOT p.held AND (need.rgt = 'drop' OR p.found = 1)
ORDER BY need.ord`

const databaseRights = `
SELECT need.ord - 1, coalesce(o.rolname, ''), coalesce(o.rolsuper, true), d.datname, 'DATABASE', need.rgt
FROM need JOIN pg_database d ON d.datname = current_database() LEFT JOIN pg_roles o ON o.oid = d.datdba
WHERE need.kind = 'database' AND NOT has_database_privilege(d.oid, 'CREATE')
ORDER BY need.ord`

// extensionRights: what is installed needs nothing.
// Source: PostgreSQL documentation, "CREATE EXTENSION", and view
// pg_available_extension_versions.
const extensionRights = `
SELECT need.ord - 1, '', true, current_database(), CASE WHEN v.trusted THEN 'trusted' ELSE '' END,
       CASE WHEN v.name IS NULL THEN 'available' ELSE need.rgt END
FROM need CROSS JOIN me
LEFT JOIN LATERAL (
	SELECT v.name, v.superuser, v.trusted FROM pg_available_extension_versions v JOIN pg_available_extensions a ON a.name = v.name AND a.default_version = v.version
	WHERE v.name = need.name LIMIT 1) v ON true
WHERE need.kind = 'extension' AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = need.name)
  AND (v.name IS NULL OR NOT me.rolsuper AND NOT ((v.trusted OR NOT v.superuser) AND has_database_privilege(current_database(), 'CREATE')))
ORDER BY need.ord`

const roleRights = `
SELECT need.ord - 1, '', true, '', CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'superuser' ELSE '' END, need.rgt
FROM need CROSS JOIN me
WHERE need.kind = 'server' AND NOT me.rolsuper AND NOT CASE need.rgt
	WHEN 'createrole' THEN me.rolcreaterole
	WHEN 'subscribe' THEN EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'pg_create_subscription' AND pg_has_role(r.oid, 'USAGE')) AND has_database_privilege(current_database(), 'CREATE')
	ELSE false END
ORDER BY need.ord`

// historyRights: every migration writes its receipt into schema lockstep, which
// the first one makes.
const historyRights = `
SELECT need.ord - 1, coalesce(o.rolname, ''), coalesce(o.rolsuper, true), d.datname, '', CASE WHEN h.oid IS NULL THEN 'create' ELSE 'history' END
FROM need JOIN pg_database d ON d.datname = current_database()
LEFT JOIN (SELECT c.oid, c.relowner, c.relnamespace FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'lockstep' AND c.relname = 'history') h ON true
LEFT JOIN pg_roles o ON o.oid = coalesce(h.relowner, d.datdba)
WHERE need.kind = 'history' AND CASE
	WHEN h.oid IS NOT NULL THEN NOT (has_schema_privilege(h.relnamespace, 'USAGE') AND has_table_privilege(h.oid, 'INSERT') AND has_table_privilege(h.oid, 'DELETE'))
	WHEN EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'lockstep') THEN NOT (SELECT has_schema_privilege(n.oid, 'CREATE') FROM pg_namespace n WHERE n.nspname = 'lockstep')
	ELSE NOT has_database_privilege(d.oid, 'CREATE') END
ORDER BY need.ord`
