package config

import "encoding/json"

func backfillBlock() BlockDoc {
	return BlockDoc{
		Type: "backfill", Labels: []string{"name"}, Supported: true, Repeatable: true,
		Doc: "Rows changed in batches by key, each batch a short transaction of its own; what is interrupted goes on behind the last batch.",
		Arguments: []ArgumentDoc{
			{Name: "database", Type: TypeDatabase, Required: true, Doc: "The database whose rows are changed: PostgreSQL or SQLite."},
			{Name: "table", Type: TypeString, Required: true, Doc: "The table that is walked through, as TABLE or SCHEMA.TABLE."},
			{Name: "key", Type: TypeString, Required: true, Doc: "The column whose values cut the table into batches: of any type that sorts, with an index, best the primary key."},
			{Name: "update", Type: TypeString, Required: true, Doc: "One UPDATE, INSERT, DELETE or MERGE for the keys BETWEEN :from AND :to, both included."},
			{Name: "remaining", Type: TypeString, Doc: "A query for the number of rows that are left to do; at the end it must be 0. Nothing is counted when left out."},
			{Name: "repeatable", Type: TypeBool, Default: json.RawMessage("false"), Doc: "True when the update may run more than once over the same row: rows that are left are then gone over again."},
			{Name: "batch", Type: TypeCount, Default: json.RawMessage("5000"), Doc: "Most keys in a batch; the size adapts between 1 and this."},
			{Name: "batch_duration", Type: TypeDuration, Default: text("500ms"), Doc: "How long a batch is to take; the size adapts to it."},
			{Name: "max_lag", Type: TypeDuration, Default: text("10s"), Doc: "Replica lag over which it holds until the replicas have caught up."},
			{Name: "phase", Type: TypeString, Default: text("deploy"), OneOf: []string{"expand", "deploy", "contract"}, Doc: "expand: behind the migrations; deploy: behind the deployments, so that no old code adds rows; contract: before what takes away."},
			timeoutArgument("How long all of it may take; no bound when left out."),
			dependsOn(),
		},
	}
}
