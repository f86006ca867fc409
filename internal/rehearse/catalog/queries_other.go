package catalog

// others are what few schemas have: that they came or went is seen, and of some
// what they say. Their names are as DROP spells them. What a user mapping says
// is left out, because passwords are in it.
const others = `
SELECT o.class || '/' || o.oid || '/0', o.name, NULL, o.definition, quote_ident(pg_get_userbyid(o.owner)) AS owner, obj_description(o.oid, o.class) AS comment
FROM (
	SELECT 'pg_ts_config' AS class, c.oid, format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname) AS name, c.cfgowner AS owner,
		(SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid) AS definition
		FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
	UNION ALL SELECT 'pg_ts_dict', d.oid, format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname), d.dictowner, d.dictinitoption FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
	UNION ALL SELECT 'pg_ts_parser', p.oid, format('TEXT SEARCH PARSER %I.%I', n.nspname, p.prsname), NULL, NULL FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace
	UNION ALL SELECT 'pg_ts_template', t.oid, format('TEXT SEARCH TEMPLATE %I.%I', n.nspname, t.tmplname), NULL, NULL FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace
	UNION ALL SELECT 'pg_foreign_data_wrapper', f.oid, format('FOREIGN DATA WRAPPER %I', f.fdwname), f.fdwowner, array_to_string(f.fdwoptions, ', ') FROM pg_foreign_data_wrapper f
	UNION ALL SELECT 'pg_foreign_server', s.oid, format('SERVER %I', s.srvname), s.srvowner, nullif(concat_ws(', ', s.srvtype, s.srvversion, array_to_string(s.srvoptions, ', ')), '') FROM pg_foreign_server s
	UNION ALL SELECT 'pg_user_mapping', u.umid, 'USER MAPPING FOR ' || CASE u.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(u.usename) END || format(' SERVER %I', u.srvname), NULL, NULL FROM pg_user_mappings u
	UNION ALL SELECT 'pg_opfamily', f.oid, format('OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, a.amname), f.opfowner, NULL FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod
	UNION ALL SELECT 'pg_opclass', c.oid, format('OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, a.amname), c.opcowner, format_type(c.opcintype, NULL) || CASE WHEN c.opcdefault THEN ' by default' ELSE '' END
		FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am a ON a.oid = c.opcmethod
	UNION ALL SELECT 'pg_language', l.oid, format('LANGUAGE %I', l.lanname), l.lanowner, CASE WHEN l.lanpltrusted THEN 'trusted' END FROM pg_language l
	UNION ALL SELECT 'pg_conversion', c.oid, format('CONVERSION %I.%I', n.nspname, c.conname), c.conowner, pg_encoding_to_char(c.conforencoding) || ' to ' || pg_encoding_to_char(c.contoencoding) FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace
	UNION ALL SELECT 'pg_transform', t.oid, format('TRANSFORM FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname), NULL, NULL FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
	UNION ALL SELECT 'pg_am', a.oid, format('ACCESS METHOD %I', a.amname), NULL, a.amhandler::text FROM pg_am a
) o
WHERE o.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = ('pg_catalog.' || o.class)::regclass AND e.objid = o.oid AND e.deptype IN ('e', 'i'))
ORDER BY o.name COLLATE "C"`
