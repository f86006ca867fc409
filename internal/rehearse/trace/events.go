package trace

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// eventSetting is where the event triggers leave what they saw: a setting of
// the worker's session needs no table, takes no lock, and is rolled back with
// its transaction.
const eventSetting = "lockstep_trace.events"

// Install makes the event triggers by which every tracer of the database, and of
// its clones, sees what is dropped and why tables are rewritten; a superuser runs
// it. They are enabled always, so that a migration that sets
// session_replication_role is seen too.
func Install() string {
	return strings.NewReplacer("SCHEMA_", Schema, "SETTING_", eventSetting).Replace(`
DROP SCHEMA IF EXISTS SCHEMA_ CASCADE;
CREATE SCHEMA SCHEMA_;
CREATE FUNCTION SCHEMA_.note(event pg_catalog.json) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM pg_catalog.set_config('SETTING_',
		coalesce(pg_catalog.current_setting('SETTING_', true), '') || event::pg_catalog.text || E'\n', false);
END $body$;
CREATE FUNCTION SCHEMA_.rewritten() RETURNS pg_catalog.event_trigger LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM SCHEMA_.note(pg_catalog.json_build_object('rewrite', pg_catalog.pg_event_trigger_table_rewrite_oid()::pg_catalog.int8,
		'reason', pg_catalog.pg_event_trigger_table_rewrite_reason()));
END $body$;
CREATE FUNCTION SCHEMA_.dropped() RETURNS pg_catalog.event_trigger LANGUAGE plpgsql AS $body$
DECLARE o record;
BEGIN
	FOR o IN SELECT * FROM pg_catalog.pg_event_trigger_dropped_objects() LOOP
		CONTINUE WHEN o.is_temporary OR o.schema_name IN ('pg_toast', 'SCHEMA_');
		PERFORM SCHEMA_.note(pg_catalog.json_build_object('kind', o.object_type, 'identity', o.object_identity,
			'original', o.original, 'normal', o.normal));
	END LOOP;
END $body$;
GRANT USAGE ON SCHEMA SCHEMA_ TO PUBLIC;
CREATE EVENT TRIGGER SCHEMA__rewritten ON table_rewrite EXECUTE PROCEDURE SCHEMA_.rewritten();
CREATE EVENT TRIGGER SCHEMA__dropped ON sql_drop EXECUTE PROCEDURE SCHEMA_.dropped();
ALTER EVENT TRIGGER SCHEMA__rewritten ENABLE ALWAYS;
ALTER EVENT TRIGGER SCHEMA__dropped ENABLE ALWAYS;`)
}

// remove takes them away in the order that does not fire them.
func remove() string {
	return fmt.Sprintf(`DROP EVENT TRIGGER IF EXISTS %[1]s_rewritten; DROP EVENT TRIGGER IF EXISTS %[1]s_dropped;
DROP SCHEMA IF EXISTS %[1]s CASCADE`, Schema)
}

// event is one line that a trigger left.
type event struct {
	Rewrite  int64  `json:"rewrite"`
	Reason   int    `json:"reason"`
	Kind     string `json:"kind"`
	Identity string `json:"identity"`
	Original bool   `json:"original"`
	Normal   bool   `json:"normal"`
}

// takeEvents reads what the triggers left and clears it.
func (t *Tracer) takeEvents(ctx context.Context) ([]event, error) {
	var text sql.NullString
	if err := t.worker.QueryRowContext(ctx, "SELECT pg_catalog.current_setting('"+eventSetting+"', true)").Scan(&text); err != nil {
		return nil, fmt.Errorf("read what the event triggers saw: %w", err)
	}
	if text.String == "" {
		return nil, nil
	}
	var found []event
	for line := range strings.Lines(text.String) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("read what the event triggers saw: %w", err)
		}
		found = append(found, e)
	}
	if _, err := t.worker.ExecContext(ctx, "SELECT pg_catalog.set_config('"+eventSetting+"', '', false)"); err != nil {
		return nil, fmt.Errorf("read what the event triggers saw: %w", err)
	}
	return found, nil
}

// unnamed reports what PostgreSQL itself made: the triggers of a foreign key and
// the rule of a view.
func (e event) unnamed() bool {
	return e.Kind == "trigger" && strings.HasPrefix(e.Identity, `"RI_ConstraintTrigger_`) ||
		e.Kind == "rule" && strings.HasPrefix(e.Identity, `"_RETURN" on `)
}

// drops leaves out what comes and goes with a relation and has no name that
// anybody gave: its row types, TOAST and defaults.
func drops(events []event) []Drop {
	var found []Drop
	for _, e := range events {
		why := Part
		switch {
		case e.Kind == "" || e.unnamed():
			continue
		case e.Original:
			why = Named
		case e.Normal:
			why = Cascade
		case slices.Contains([]string{"type", "toast table", "default value"}, e.Kind):
			continue
		}
		found = append(found, Drop{Kind: e.Kind, Identity: e.Identity, Why: why})
	}
	return found
}

// reasons reads the bits of pg_event_trigger_table_rewrite_reason for one
// relation. https://www.postgresql.org/docs/current/functions-event-triggers.html
func reasons(events []event, oid int64) []string {
	var bits int
	for _, e := range events {
		if e.Rewrite == oid {
			bits |= e.Reason
		}
	}
	var found []string
	for bit, name := range []string{"persistence", "default", "type", "access method"} {
		if bits&(1<<bit) != 0 {
			found = append(found, name)
		}
	}
	return found
}
