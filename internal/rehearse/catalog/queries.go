package catalog

// queries are in the order of a snapshot: what others are made of comes first.
func queries() []query {
	return []query{
		{Schema, 0, schemas},
		{Extension, 0, extensions},
		{Collation, 0, collations},
		{Enum, 0, enums},
		{Composite, 0, composites},
		{Range, 0, ranges},
		{BaseType, 0, baseTypes},
		{Domain, 0, domains},
		{DomainConstraint, 0, domainConstraints},
		{Sequence, 0, sequences},
		{Function, 0, functions},
		{Procedure, 0, procedures},
		{Aggregate, 0, aggregates},
		{Operator, 0, operators},
		{Cast, 0, casts},
		{Other, 0, others},
		{Table, 0, tables},
		{Column, 0, columns},
		{Constraint, 0, constraints},
		{Index, 0, indexes},
		{Statistics, 0, statistics},
		{View, 0, views},
		{MaterializedView, 0, materializedViews},
		{ViewColumn, 0, viewColumns},
		{Trigger, 0, triggers},
		{Rule, 0, rules},
		{Policy, 0, policies},
		{Publication, 0, publications},
		{EventTrigger, 0, eventTriggers},
		{DefaultGrants, 0, defaultGrants},
	}
}

const schemas = `
SELECT 'pg_namespace/' || n.oid || '/0', quote_ident(n.nspname), NULL,
	quote_ident(pg_get_userbyid(n.nspowner)) AS owner,
	{acl n.nspacl n n.nspowner} AS grants,
	obj_description(n.oid, 'pg_namespace') AS comment
FROM pg_namespace n WHERE {mine pg_namespace n}
ORDER BY n.nspname COLLATE "C"`

const extensions = `
SELECT 'pg_extension/' || x.oid || '/0', quote_ident(x.extname), NULL,
	x.extversion AS version, quote_ident(n.nspname) AS schema,
	obj_description(x.oid, 'pg_extension') AS comment
FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace
ORDER BY x.extname COLLATE "C"`

const collations = `
SELECT 'pg_collation/' || c.oid || '/0', format('%I.%I', n.nspname, c.collname), NULL,
	c.collprovider::text AS provider, c.collisdeterministic::text AS deterministic,
	c.collcollate AS "lc_collate", c.collctype AS "lc_ctype",
	coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale') AS locale,
	quote_ident(pg_get_userbyid(c.collowner)) AS owner,
	obj_description(c.oid, 'pg_collation') AS comment
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE {mine pg_collation c}
ORDER BY n.nspname COLLATE "C", c.collname COLLATE "C"`

const operators = `
SELECT 'pg_operator/' || o.oid || '/0', o.oid::regoperator::text, NULL,
	concat_ws(', ', 'FUNCTION = ' || (SELECT format('%I.%I', pn.nspname, p.proname) FROM pg_proc p JOIN pg_namespace pn ON pn.oid = p.pronamespace WHERE p.oid = o.oprcode),
		'LEFTARG = ' || CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END,
		'RIGHTARG = ' || CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END,
		CASE WHEN o.oprcom <> 0 THEN 'COMMUTATOR = ' || o.oprcom::regoperator END,
		CASE WHEN o.oprnegate <> 0 THEN 'NEGATOR = ' || o.oprnegate::regoperator END,
		CASE WHEN o.oprrest <> 0 THEN 'RESTRICT = ' || o.oprrest::regproc END,
		CASE WHEN o.oprjoin <> 0 THEN 'JOIN = ' || o.oprjoin::regproc END,
		CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END) AS definition,
	quote_ident(pg_get_userbyid(o.oprowner)) AS owner,
	obj_description(o.oid, 'pg_operator') AS comment
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE {mine pg_operator o}
ORDER BY 2`

const casts = `
SELECT 'pg_cast/' || c.oid || '/0', format('(%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)), NULL,
	CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END
		|| CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END AS definition,
	obj_description(c.oid, 'pg_cast') AS comment
FROM pg_cast c WHERE c.oid >= 16384
	AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_catalog.pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i'))
ORDER BY 2`

const publications = `
SELECT 'pg_publication/' || p.oid || '/0', quote_ident(p.pubname), NULL,
	CASE WHEN p.puballtables THEN 'yes' END AS "all tables",
	(SELECT string_agg(format('%I.%I', n.nspname, c.relname)
		|| coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY ({15+ r.prattrs}::int2[])) || ')', '')
		|| coalesce(' WHERE (' || pg_get_expr({15+ r.prqual}, c.oid) || ')', ''), ', ' ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")
		FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid) AS tables,
	{15+ (SELECT string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname COLLATE "C") FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid)} AS schemas,
	concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
		CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) AS publish,
	{13+ CASE WHEN p.pubviaroot THEN 'true' END} AS "publish via partition root",
	{18+ CASE WHEN p.pubgencols <> 'n' THEN 'stored' END} AS "publish generated columns",
	quote_ident(pg_get_userbyid(p.pubowner)) AS owner,
	obj_description(p.oid, 'pg_publication') AS comment
FROM pg_publication p
ORDER BY p.pubname COLLATE "C"`

const eventTriggers = `
SELECT 'pg_event_trigger/' || t.oid || '/0', quote_ident(t.evtname), NULL,
	t.evtevent AS event, (SELECT string_agg(quote_literal(tag), ', ' ORDER BY tag) FROM unnest(t.evttags) tag) AS tags,
	t.evtfoid::regproc::text || '()' AS function,
	CASE t.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS firing,
	quote_ident(pg_get_userbyid(t.evtowner)) AS owner,
	obj_description(t.oid, 'pg_event_trigger') AS comment
FROM pg_event_trigger t
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_catalog.pg_event_trigger'::regclass AND e.objid = t.oid AND e.deptype = 'e')
	AND t.evtname NOT IN ('lockstep_trace_dropped', 'lockstep_trace_rewritten')
ORDER BY t.evtname COLLATE "C"`

// Default privileges of a role everywhere differ from the built-in ones,
// those in a schema are granted on top of them.
const defaultGrants = `
SELECT 'pg_default_acl/' || d.oid || '/0',
	format('FOR ROLE %I', pg_get_userbyid(d.defaclrole)) || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' ON '
		|| CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END, NULL,
	(SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
		SELECT w || ' ' || privilege_type || ' to ' || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
			|| CASE WHEN is_grantable THEN ' with grant option' ELSE '' END AS line
		FROM (SELECT 'grant' AS w, x.* FROM (SELECT * FROM aclexplode(d.defaclacl) EXCEPT SELECT * FROM aclexplode(b.acl)) x
			UNION ALL SELECT 'without', x.* FROM (SELECT * FROM aclexplode(b.acl) EXCEPT SELECT * FROM aclexplode(d.defaclacl)) x) y) z) AS grants
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace,
	LATERAL (SELECT CASE WHEN d.defaclnamespace = 0 THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) ELSE acldefault('c', d.defaclrole) END) b (acl)
WHERE n.nspname IS DISTINCT FROM 'lockstep'
ORDER BY 2`
