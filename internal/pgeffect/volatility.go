package pgeffect

import (
	"strings"
	"sync"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// volatile reports whether an expression may give another value for each row.
// A function that is neither in the schema nor in the lists below counts as
// volatile, and the effect says that it was not known.
func (a *analysis) volatile(e *pg.Node) bool {
	found := false
	for _, f := range pgschema.MentionsOf(e).Functions {
		switch a.volatility(f) {
		case "volatile":
			found = true
		case "":
			found = true
			a.unknown("function " + functionName(f).String() + " is not known; taken as volatile")
		}
	}
	return found
}

func functionName(f *pg.FuncCall) pgschema.Name {
	return pgschema.NameOfParts(pgschema.Strings(f.GetFuncname()))
}

// volatility is what the schema says of a function, else what PostgreSQL's own
// function of that name has, else empty.
func (a *analysis) volatility(f *pg.FuncCall) string {
	name := functionName(f)
	if own := a.schema.Functions[name]; own != nil {
		return own.Volatility
	}
	if name.Schema != pgschema.Public && name.Schema != "pg_catalog" {
		return ""
	}
	return ownVolatilities()[name.Local]
}

// ownVolatilities has the lists below by name.
var ownVolatilities = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, name := range strings.Fields(steadyFunctions) {
		all[name] = "stable"
	}
	for _, name := range strings.Fields(volatileFunctions) {
		all[name] = "volatile"
	}
	return all
})

// PostgreSQL's own functions and those of uuid-ossp and pgcrypto, by
// pg_proc.provolatile.
const (
	volatileFunctions = `random random_normal clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7
		uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_salt nextval currval lastval setval
		setseed pg_sleep pg_sleep_for pg_sleep_until pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock
		pg_try_advisory_xact_lock pg_advisory_unlock pg_advisory_unlock_all set_config pg_notify pg_cancel_backend
		pg_terminate_backend pg_reload_conf pg_stat_reset lo_create lo_unlink lo_import lo_export`
	steadyFunctions = `now transaction_timestamp statement_timestamp txid_current_if_assigned current_setting
		current_schema current_schemas current_database version to_char to_date to_timestamp to_number timezone
		date_trunc date_part extract age make_date make_time make_timestamp make_timestamptz make_interval
		lower upper initcap trim btrim ltrim rtrim length char_length octet_length substr substring overlay position
		left right repeat replace reverse concat concat_ws format split_part strpos lpad rpad translate md5 sha224
		sha256 sha384 sha512 encode decode digest hmac crypt ascii chr quote_ident quote_literal quote_nullable
		starts_with regexp_replace regexp_match regexp_matches regexp_split_to_array regexp_split_to_table
		string_to_array array_to_string unnest array_append array_prepend array_cat array_length array_position
		array_remove array_replace cardinality abs ceil ceiling floor round trunc mod power sqrt exp ln log sign
		greatest least coalesce nullif width_bucket gcd lcm hashtext hashint4 hashint8 count sum avg min max
		bool_and bool_or every array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg
		row_number rank dense_rank ntile lag lead first_value last_value nth_value percentile_cont percentile_disc
		to_json to_jsonb json_build_object jsonb_build_object json_build_array jsonb_build_array jsonb_set
		jsonb_insert jsonb_strip_nulls jsonb_array_elements jsonb_array_elements_text jsonb_array_length
		jsonb_each jsonb_each_text jsonb_object_keys jsonb_typeof jsonb_extract_path jsonb_extract_path_text
		json_array_elements json_array_elements_text json_extract_path json_extract_path_text row_to_json
		jsonb_path_query jsonb_path_exists jsonb_to_recordset to_tsvector to_tsquery plainto_tsquery
		websearch_to_tsquery setweight ts_rank similarity word_similarity unaccent uuid_generate_v3 uuid_generate_v5
		uuid_nil int4range int8range numrange daterange tsrange tstzrange generate_series generate_subscripts
		host network masklen family inet_client_addr pg_typeof pg_column_size pg_relation_size pg_total_relation_size
		pg_get_serial_sequence obj_description col_description has_table_privilege to_regclass isfinite bit_length
		convert_to convert_from pg_backend_pid pg_size_pretty like_escape xmlparse isempty lower_inc upper_inc`
)
