package plans

// Backfill is what a backfill step does: it changes the rows of one table in
// batches by key, each batch a transaction with the place it has come to.
type Backfill struct {
	Database string `json:"database"`
	Table    string `json:"table"` // as written: "orders" or "shop.orders"
	Key      string `json:"key"`   // the column whose values cut the table into batches
	// Update is one statement with :from and :to, the first and the last key
	// of a batch, both included. File and Line say where it is written.
	Update string `json:"update"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	// Remaining is a query for the number of rows that are left to do; empty
	// when nothing is counted at the end.
	Remaining string `json:"remaining,omitempty"`
	// Repeatable is the author's word that the update may run more than once
	// over the same row.
	Repeatable bool `json:"repeatable,omitempty"`
	// Batch is the largest number of keys in a batch; BatchDuration is what
	// the size is adapted to.
	Batch         int      `json:"batch"`
	BatchDuration Duration `json:"batch_duration"`
	// MaxLag is the replica lag over which it holds.
	MaxLag Duration `json:"max_lag"`
	// Definition identifies what is done to the rows: a cursor of another
	// definition is not continued.
	Definition Digest `json:"definition"`
	// Again says why rows are gone over that an earlier run has finished;
	// empty when none has.
	Again string `json:"again,omitempty"`
	// Rows is how many rows the table has, as far as that is known.
	Rows *RowEstimate `json:"rows,omitempty"`
}

// RowEstimate is a number of rows, and where it comes from.
type RowEstimate struct {
	Count int64 `json:"count,string"`
	// Source is "measured" for rows that were counted and "assumed" for the
	// database's statistics; From names what was asked.
	Source string `json:"source"`
	From   string `json:"from"`
}

// BackfillDefinition digests what a backfill does to rows: equal for two
// blocks that do the same, whatever their batches and limits are.
func BackfillDefinition(table, key, update string) Digest {
	return DigestOf([]byte(table + "\x00" + key + "\x00" + update))
}

// BackfillState is the cursor that a database keeps for a backfill. The zero
// value means that none is there.
type BackfillState struct {
	// Definition is that of the block which the cursor was written for.
	Definition Digest `json:"definition,omitempty"`
	// Remaining is the digest of the query that said that nothing is left.
	Remaining Digest `json:"remaining,omitempty"`
	// LastKey is the last key of the last batch; Rows the number of rows
	// changed so far.
	LastKey string `json:"last_key,omitempty"`
	Rows    int64  `json:"rows,omitempty,string"`
	// Finished is when it ended, RFC 3339 by the target's clock; empty while
	// it has not.
	Finished string `json:"finished,omitempty"`
	Run      string `json:"run,omitempty"`
}

// Done reports whether the cursor says that the backfill ran to its end and
// was counted by this query.
func (s BackfillState) Done(definition Digest, remaining string) bool {
	return s.Finished != "" && s.Definition == definition && s.Remaining == RemainingDigest(remaining)
}

// RemainingDigest digests a query for what is left; none has no digest.
func RemainingDigest(query string) Digest {
	if query == "" {
		return ""
	}
	return DigestOf([]byte(query))
}

// BackfillFigures are the informative part of what was observed of a
// backfill's table.
type BackfillFigures struct {
	// Missing names what is not there yet: "table" or "column".
	Missing string `json:"missing,omitempty"`
	KeyType string `json:"key_type,omitempty"`
	// Indexed is true when an index finds the next keys; Nullable when rows
	// may have none.
	Indexed  bool `json:"indexed"`
	Nullable bool `json:"nullable,omitempty"`
	// Shared is true when many rows may have the same key: a batch takes all
	// rows of its last key.
	Shared bool         `json:"shared,omitempty"`
	Rows   *RowEstimate `json:"rows,omitempty"`
	// Replicas is how many servers follow; LagHidden says that the role may
	// not see how far behind they are.
	Replicas  int  `json:"replicas"`
	LagHidden bool `json:"lag_hidden,omitempty"`
}
