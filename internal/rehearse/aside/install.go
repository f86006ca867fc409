package aside

// template makes functions that run as the superuser who makes them. None takes
// SQL, and each refuses what would reach beyond the database:
//   - extension makes one of the list, unless an event trigger that is not ours
//     would run, whose function may be a file's
//   - adopt lets the caller act for a role that it has made, as a superuser may
//   - triggers lets ordinary triggers and foreign keys rest until the
//     transaction ends, and back
const template = `
CREATE FUNCTION lockstep_trace.extension(name pg_catalog.text, missing pg_catalog.bool, place pg_catalog.text, version pg_catalog.text, caller pg_catalog.text, along pg_catalog.bool)
RETURNS pg_catalog.void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE own text; needed text;
BEGIN
	IF missing AND EXISTS (SELECT FROM pg_extension x WHERE x.extname = $1) THEN
		RETURN;
	END IF;
	IF $1 <> ALL ('{LIST}'::text[]) OR EXISTS (SELECT FROM pg_event_trigger t WHERE t.evtname NOT LIKE 'lockstep\_trace\_%') THEN
		RAISE insufficient_privilege USING MESSAGE = format('permission denied to create extension "%s"', $1);
	END IF;
	SELECT v.schema INTO own FROM pg_available_extension_versions v JOIN pg_available_extensions e ON e.name = v.name
		WHERE v.name = $1 AND v.version = coalesce($4, e.default_version);
	IF along THEN
		FOR needed IN SELECT r FROM pg_available_extension_versions v JOIN pg_available_extensions e ON e.name = v.name, unnest(v.requires) r
			WHERE v.name = $1 AND v.version = coalesce($4, e.default_version) LOOP
			PERFORM lockstep_trace.extension(needed, true, $3, NULL, $5, true);
		END LOOP;
	END IF;
	EXECUTE format('CREATE EXTENSION %I', $1)
		|| CASE WHEN $3 IS NOT NULL THEN format(' SCHEMA %I', $3) WHEN own IS NULL THEN format(' SCHEMA %I', $5) ELSE '' END
		|| CASE WHEN $4 IS NOT NULL THEN format(' VERSION %L', $4) ELSE '' END;
	UPDATE pg_extension x SET extowner = r.oid FROM pg_roles r WHERE x.extname = $1 AND r.rolname = session_user;
END $body$;
CREATE FUNCTION lockstep_trace.adopt(role pg_catalog.text) RETURNS pg_catalog.void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
	IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = $1 AND NOT r.rolsuper AND r.rolname NOT LIKE 'pg\_%' AND r.rolname NOT LIKE 'lockstep\_%'
		AND r.rolname <> session_user AND NOT pg_has_role(r.oid, session_user, 'MEMBER')) AND EXISTS (SELECT FROM pg_roles o WHERE o.rolname = 'lockstep_owner') THEN
		EXECUTE format('GRANT lockstep_owner TO %I; GRANT %I TO %I WITH ADMIN OPTION', $1, $1, session_user);
	END IF;
END $body$;
CREATE FUNCTION lockstep_trace.triggers(fire pg_catalog.bool) RETURNS pg_catalog.void LANGUAGE plpgsql SECURITY DEFINER AS $body$
BEGIN
	PERFORM pg_catalog.set_config('session_replication_role', CASE WHEN fire THEN 'origin' ELSE 'replica' END, true);
END $body$;`
