package catalog

// Foreign keys and deferrable keys are kept by triggers of the server's own,
// which ALTER TABLE ... DISABLE TRIGGER ALL turns off as well: rows that break
// them are then taken without a word.
const tables = `
SELECT 'pg_class/' || c.oid || '/0', format('%I.%I', n.nspname, c.relname), NULL,
	CASE c.relkind WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' END AS kind,
	CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence,
	CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partition key",
	CASE WHEN c.relispartition THEN (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = c.oid) || ' ' || pg_get_expr(c.relpartbound, c.oid) END AS "partition of",
	CASE WHEN NOT c.relispartition THEN (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid) END AS inherits,
	CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS "of type",
	(SELECT string_agg(option, ', ' ORDER BY option COLLATE "C") FROM (SELECT unnest(c.reloptions) AS option
		UNION ALL SELECT 'toast.' || unnest(t.reloptions) FROM pg_class t WHERE t.oid = c.reltoastrelid) o) AS options,
	CASE c.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL' WHEN 'i' THEN 'USING INDEX ' ||
		(SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END AS "replica identity",
	CASE WHEN c.relrowsecurity THEN 'yes' END AS "row security",
	CASE WHEN c.relforcerowsecurity THEN 'yes' END AS "forced row security",
	(SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisclustered) AS "clustered on",
	(SELECT nullif(amname, 'heap') FROM pg_am WHERE pg_am.oid = c.relam) AS "access method",
	(SELECT quote_ident(spcname) FROM pg_tablespace WHERE pg_tablespace.oid = c.reltablespace) AS tablespace,
	(SELECT quote_ident(s.srvname) || coalesce(' ' || array_to_string(f.ftoptions, ', '), '') FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) AS "foreign server",
	(SELECT string_agg(DISTINCT quote_ident(k.conname) || CASE g.tgenabled WHEN 'D' THEN ' off' WHEN 'R' THEN ' on replicas alone' ELSE ' always' END, ', ')
		FROM pg_trigger g JOIN pg_constraint k ON k.oid = g.tgconstraint WHERE g.tgrelid = c.oid AND g.tgisinternal AND k.contype IN ('f', 'p', 'u', 'x') AND g.tgenabled <> 'O') AS "key triggers",
	quote_ident(pg_get_userbyid(c.relowner)) AS owner,
	{acl c.relacl r c.relowner} AS grants,
	obj_description(c.oid, 'pg_class') AS comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND {mine pg_class c}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

// From PostgreSQL 18 on a NOT NULL has a name, which matters where its author
// has chosen it: a migration may drop it by that.
const columns = `
SELECT 'pg_class/' || a.attrelid || '/' || a.attnum, format('%I.%I.%I', n.nspname, c.relname, a.attname), format('%I.%I', n.nspname, c.relname),
	format_type(a.atttypid, a.atttypmod) AS type,
	CASE WHEN a.attcollation <> t.typcollation THEN (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END AS collation,
	CASE WHEN a.attnotnull THEN coalesce({18+ (SELECT CASE WHEN NOT k.convalidated THEN 'not validated' WHEN k.connoinherit THEN 'no inherit' END FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey[1] = a.attnum)}, 'yes') END AS "not null",
	{18+ (SELECT quote_ident(k.conname) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey[1] = a.attnum AND k.conname !~ '_not_null[0-9]*$')} AS "not null name",
	CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS "default",
	CASE a.attgenerated WHEN 's' THEN '(' || pg_get_expr(d.adbin, d.adrelid) || ') STORED' WHEN 'v' THEN '(' || pg_get_expr(d.adbin, d.adrelid) || ') VIRTUAL' END AS generated,
	CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity,
	i.name AS "identity sequence", i.options AS "identity options",
	CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END AS storage,
	CASE {14+ a.attcompression} WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
	nullif(a.attstattarget, -1) AS statistics,
	(SELECT string_agg(option, ', ' ORDER BY option COLLATE "C") FROM unnest(a.attoptions) option) AS options,
	array_to_string(a.attfdwoptions, ', ') AS "foreign options",
	CASE WHEN NOT a.attislocal THEN 'yes' WHEN a.attinhcount > 0 THEN 'also' END AS inherited,
	{acl a.attacl c c.relowner} AS grants,
	col_description(c.oid, a.attnum) AS comment
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	LEFT JOIN LATERAL (SELECT format('%I.%I', sn.nspname, sc.relname) AS name, format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s',
			s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) AS options
		FROM pg_depend e JOIN pg_class sc ON sc.oid = e.objid JOIN pg_sequence s ON s.seqrelid = sc.oid JOIN pg_namespace sn ON sn.oid = sc.relnamespace
		WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.refclassid = 'pg_catalog.pg_class'::regclass AND e.refobjid = c.oid AND e.refobjsubid = a.attnum AND e.deptype = 'i') i ON a.attidentity <> ''
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND {mine pg_class c}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum`

// A foreign key to a partitioned table has further rows, one for each
// partition referred to. They are made, named and dropped with it.
const constraints = `
SELECT 'pg_constraint/' || k.oid || '/0', format('%I.%I.%I', n.nspname, c.relname, k.conname), format('%I.%I', n.nspname, c.relname),
	CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclude' ELSE k.contype::text END AS kind,
	regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition,
	CASE WHEN NOT k.convalidated AND coalesce({18+ k.conenforced}, true) THEN 'no' END AS validated,
	CASE WHEN k.contype IN ('p', 'u', 'x') THEN (SELECT array_to_string(reloptions, ', ') FROM pg_class i WHERE i.oid = k.conindid) END AS options,
	CASE WHEN k.contype IN ('p', 'u', 'x') THEN (SELECT spcname FROM pg_class i JOIN pg_tablespace s ON s.oid = i.reltablespace WHERE i.oid = k.conindid) END AS tablespace,
	CASE WHEN k.conparentid <> 0 OR NOT k.conislocal THEN 'yes' WHEN k.coninhcount > 0 THEN 'also' END AS inherited,
	obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype NOT IN ('t', 'n') AND {mine pg_class c}
	AND NOT (k.contype = 'f' AND k.conparentid <> 0 AND EXISTS (SELECT FROM pg_constraint u WHERE u.oid = k.conparentid AND u.conrelid = k.conrelid))
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", k.conname COLLATE "C"`

const indexes = `
SELECT 'pg_class/' || c.oid || '/0', format('%I.%I', n.nspname, c.relname), format('%I.%I', tn.nspname, t.relname),
	pg_get_indexdef(c.oid) AS definition,
	CASE WHEN NOT i.indisvalid THEN 'no' END AS valid,
	(SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid) AS inherited,
	(SELECT quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
	(SELECT string_agg(a.attnum || ' ' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0) AS statistics,
	obj_description(c.oid, 'pg_class') AS comment
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE {mine pg_class t} AND t.relkind IN ('r', 'p', 'm')
	AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

const sequences = `
SELECT 'pg_class/' || c.oid || '/0', format('%I.%I', n.nspname, c.relname), NULL,
	CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence,
	format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum, s.seqcache AS cache,
	CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END AS cycle,
	(SELECT format('%I.%I.%I', tn.nspname, t.relname, a.attname) FROM pg_depend e JOIN pg_class t ON t.oid = e.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = e.refobjsubid
		WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.refclassid = 'pg_catalog.pg_class'::regclass AND e.deptype = 'a') AS "owned by",
	quote_ident(pg_get_userbyid(c.relowner)) AS owner,
	{acl c.relacl s c.relowner} AS grants,
	obj_description(c.oid, 'pg_class') AS comment
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {mine pg_class c} AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'i')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

const views = `
SELECT 'pg_class/' || c.oid || '/0', format('%I.%I', n.nspname, c.relname), NULL,
	rtrim(pg_get_viewdef(c.oid), ';') AS definition,
	(SELECT string_agg(option, ', ' ORDER BY option COLLATE "C") FROM unnest(c.reloptions) option) AS options,
	quote_ident(pg_get_userbyid(c.relowner)) AS owner,
	{acl c.relacl r c.relowner} AS grants,
	obj_description(c.oid, 'pg_class') AS comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND {mine pg_class c}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

const materializedViews = `
SELECT 'pg_class/' || c.oid || '/0', format('%I.%I', n.nspname, c.relname), NULL,
	rtrim(pg_get_viewdef(c.oid), ';') AS definition,
	CASE WHEN NOT c.relispopulated THEN 'no' END AS populated,
	(SELECT string_agg(option, ', ' ORDER BY option COLLATE "C") FROM unnest(c.reloptions) option) AS options,
	(SELECT nullif(amname, 'heap') FROM pg_am WHERE pg_am.oid = c.relam) AS "access method",
	(SELECT quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
	quote_ident(pg_get_userbyid(c.relowner)) AS owner,
	{acl c.relacl r c.relowner} AS grants,
	obj_description(c.oid, 'pg_class') AS comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND {mine pg_class c}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

// The columns of a view follow from its definition; listed is what was said
// of them besides.
const viewColumns = `
SELECT 'pg_class/' || c.oid || '/' || a.attnum, format('%I.%I.%I', n.nspname, c.relname, a.attname), format('%I.%I', n.nspname, c.relname),
	pg_get_expr(d.adbin, d.adrelid) AS "default",
	nullif(a.attstattarget, -1) AS statistics,
	{acl a.attacl c c.relowner} AS grants,
	col_description(c.oid, a.attnum) AS comment
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('v', 'm') AND {mine pg_class c}
	AND (d.adbin IS NOT NULL OR a.attstattarget >= 0 OR a.attacl IS NOT NULL OR col_description(c.oid, a.attnum) IS NOT NULL)
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum`

// A trigger that a partition has of its parent is listed as inherited (from
// PostgreSQL 15 on; before, the catalog calls it internal).
const triggers = `
SELECT 'pg_trigger/' || g.oid || '/0', format('%I.%I.%I', n.nspname, c.relname, g.tgname), format('%I.%I', n.nspname, c.relname),
	pg_get_triggerdef(g.oid) AS definition,
	CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS firing,
	{13+ CASE WHEN g.tgparentid <> 0 THEN 'yes' END} AS inherited,
	obj_description(g.oid, 'pg_trigger') AS comment
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND {mine pg_class c}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", g.tgname COLLATE "C"`

const rules = `
SELECT 'pg_rewrite/' || r.oid || '/0', format('%I.%I.%I', n.nspname, c.relname, r.rulename), format('%I.%I', n.nspname, c.relname),
	rtrim(pg_get_ruledef(r.oid), ';') AS definition,
	CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS firing,
	obj_description(r.oid, 'pg_rewrite') AS comment
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {mine pg_class c}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", r.rulename COLLATE "C"`

const policies = `
SELECT 'pg_policy/' || p.oid || '/0', format('%I.%I.%I', n.nspname, c.relname, p.polname), format('%I.%I', n.nspname, c.relname),
	'AS ' || CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END
		|| ' FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END
		|| ' TO ' || (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ' ORDER BY r) FROM unnest(p.polroles) r)
		|| coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
		|| coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS definition,
	obj_description(p.oid, 'pg_policy') AS comment
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {mine pg_class c}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", p.polname COLLATE "C"`

const statistics = `
SELECT 'pg_statistic_ext/' || s.oid || '/0', format('%I.%I', n.nspname, s.stxname), NULL,
	pg_get_statisticsobjdef(s.oid) AS definition,
	{13+ nullif(s.stxstattarget, -1)} AS target,
	quote_ident(pg_get_userbyid(s.stxowner)) AS owner,
	obj_description(s.oid, 'pg_statistic_ext') AS comment
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {mine pg_statistic_ext s}
ORDER BY n.nspname COLLATE "C", s.stxname COLLATE "C"`
