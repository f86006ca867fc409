package catalog

const enums = `
SELECT 'pg_type/' || t.oid || '/0', format('%I.%I', n.nspname, t.typname), NULL,
	(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels,
	quote_ident(pg_get_userbyid(t.typowner)) AS owner,
	{acl t.typacl T t.typowner} AS grants,
	obj_description(t.oid, 'pg_type') AS comment
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND {mine pg_type t}
ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C"`

// The order of a composite type's attributes matters: row literals follow it.
const composites = `
SELECT 'pg_class/' || c.oid || '/0', format('%I.%I', n.nspname, t.typname), NULL,
	(SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
		|| CASE WHEN a.attcollation <> b.typcollation THEN (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) ELSE '' END,
		', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type b ON b.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes,
	quote_ident(pg_get_userbyid(t.typowner)) AS owner,
	{acl t.typacl T t.typowner} AS grants,
	obj_description(t.oid, 'pg_type') AS comment
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
WHERE t.typtype = 'c' AND {mine pg_type t}
ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C"`

const ranges = `
SELECT 'pg_type/' || t.oid || '/0', format('%I.%I', n.nspname, t.typname), NULL,
	concat_ws(', ', 'SUBTYPE = ' || format_type(r.rngsubtype, NULL),
		(SELECT format('SUBTYPE_OPCLASS = %I.%I', opn.nspname, o.opcname) FROM pg_opclass o JOIN pg_namespace opn ON opn.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
		(SELECT format('COLLATION = %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = r.rngcollation),
		CASE WHEN r.rngcanonical <> 0 THEN 'CANONICAL = ' || r.rngcanonical::regproc END,
		CASE WHEN r.rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff::regproc END,
		'MULTIRANGE_TYPE_NAME = ' || {14+ format_type(r.rngmultitypid, NULL)}) AS definition,
	quote_ident(pg_get_userbyid(t.typowner)) AS owner,
	{acl t.typacl T t.typowner} AS grants,
	obj_description(t.oid, 'pg_type') AS comment
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_range r ON r.rngtypid = t.oid WHERE t.typtype = 'r' AND {mine pg_type t}
ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C"`

const baseTypes = `
SELECT 'pg_type/' || t.oid || '/0', format('%I.%I', n.nspname, t.typname), NULL,
	CASE WHEN t.typisdefined THEN concat_ws(', ', 'INPUT = ' || t.typinput::regproc, 'OUTPUT = ' || t.typoutput::regproc, 'INTERNALLENGTH = ' || t.typlen) END AS definition,
	quote_ident(pg_get_userbyid(t.typowner)) AS owner,
	{acl t.typacl T t.typowner} AS grants,
	obj_description(t.oid, 'pg_type') AS comment
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE (t.typtype = 'p' OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)) AND {mine pg_type t}
ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C"`

const domains = `
SELECT 'pg_type/' || t.oid || '/0', format('%I.%I', n.nspname, t.typname), NULL,
	format_type(t.typbasetype, t.typtypmod) AS type,
	CASE WHEN t.typcollation <> b.typcollation THEN (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = t.typcollation) END AS collation,
	t.typdefault AS "default",
	CASE WHEN t.typnotnull THEN 'yes' END AS "not null",
	quote_ident(pg_get_userbyid(t.typowner)) AS owner,
	{acl t.typacl T t.typowner} AS grants,
	obj_description(t.oid, 'pg_type') AS comment
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd' AND {mine pg_type t}
ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C"`

const domainConstraints = `
SELECT 'pg_constraint/' || k.oid || '/0', format('%I.%I.%I', n.nspname, t.typname, k.conname), format('%I.%I', n.nspname, t.typname),
	regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition,
	CASE WHEN NOT k.convalidated THEN 'no' END AS validated,
	obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE k.contype <> 'n' AND {mine pg_type t}
ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C", k.conname COLLATE "C"`

const routine = `
SELECT 'pg_proc/' || p.oid || '/0', p.oid::regprocedure::text, NULL,
	pg_get_function_arguments(p.oid) AS arguments,
	pg_get_function_result(p.oid) AS result,
	pg_get_functiondef(p.oid) AS definition,
	quote_ident(pg_get_userbyid(p.proowner)) AS owner,
	{acl p.proacl f p.proowner} AS grants,
	obj_description(p.oid, 'pg_proc') AS comment
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {mine pg_proc p} AND p.prokind IN `

const functions = routine + `('f', 'w') ORDER BY 2`

const procedures = routine + `('p') ORDER BY 2`

const aggregates = `
SELECT 'pg_proc/' || p.oid || '/0', p.oid::regprocedure::text, NULL,
	CASE a.aggkind WHEN 'o' THEN 'ordered-set' WHEN 'h' THEN 'hypothetical-set' END AS kind,
	concat_ws(', ', 'SFUNC = ' || a.aggtransfn::regproc, 'STYPE = ' || format_type(a.aggtranstype, NULL),
		'SSPACE = ' || nullif(a.aggtransspace, 0),
		CASE WHEN a.aggfinalfn <> 0 THEN 'FINALFUNC = ' || a.aggfinalfn::regproc || CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END END,
		CASE WHEN a.aggcombinefn <> 0 THEN 'COMBINEFUNC = ' || a.aggcombinefn::regproc END,
		CASE WHEN a.aggserialfn <> 0 THEN 'SERIALFUNC = ' || a.aggserialfn::regproc END,
		CASE WHEN a.aggdeserialfn <> 0 THEN 'DESERIALFUNC = ' || a.aggdeserialfn::regproc END,
		'INITCOND = ' || quote_literal(a.agginitval),
		CASE WHEN a.aggmtransfn <> 0 THEN 'MSFUNC = ' || a.aggmtransfn::regproc || ', MINVFUNC = ' || a.aggminvtransfn::regproc || ', MSTYPE = ' || format_type(a.aggmtranstype, NULL) END,
		CASE WHEN a.aggmfinalfn <> 0 THEN 'MFINALFUNC = ' || a.aggmfinalfn::regproc END,
		'MINITCOND = ' || quote_literal(a.aggminitval),
		CASE WHEN a.aggsortop <> 0 THEN (SELECT format('SORTOP = OPERATOR(%I.%s)', opn.nspname, o.oprname) FROM pg_operator o JOIN pg_namespace opn ON opn.oid = o.oprnamespace WHERE o.oid = a.aggsortop) END,
		CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END) AS definition,
	quote_ident(pg_get_userbyid(p.proowner)) AS owner,
	{acl p.proacl f p.proowner} AS grants,
	obj_description(p.oid, 'pg_proc') AS comment
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {mine pg_proc p}
ORDER BY 2`
