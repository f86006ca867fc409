package database

import (
	"context"
	"errors"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Backfiller is a Driver that can carry out backfills: its sessions are
// BatchSessions. A driver that is none refuses backfills at plan time.
type Backfiller interface {
	Driver
	// Survey reads the cursor and what is known of the table. It never writes.
	Survey(ctx context.Context, target Target, order SurveyOrder) (Survey, error)
}

// SurveyOrder asks for one backfill. Figures are left out with BindingOnly.
type SurveyOrder struct {
	CursorKey
	Table, Key  string // as SQL has them, quoted where it needs to be
	BindingOnly bool
}

// Survey is what a database says about a backfill.
type Survey struct {
	Identity string
	Cursor   Cursor // the zero value when there is none
	Figures  plans.BackfillFigures
}

// BatchSession is a Session that can work in batches.
type BatchSession interface {
	Session
	// Batches begins the work and keeps every other process away from the
	// same cursor until it is closed.
	Batches(ctx context.Context, key CursorKey) (Batcher, error)
}

// Batcher runs batches. Its errors wrap ErrCrowded where a smaller batch or
// another moment may do, and ErrLost where the connection is gone.
type Batcher interface {
	// Cursors is the dialect of the table of cursors, as q finds it.
	Cursors(ctx context.Context, q Querier) (Cursors, error)
	// Shape reads the key's type and its last value.
	Shape(ctx context.Context, table, key string) (Shape, error)
	// Page finds the next keys in ascending order.
	Page(ctx context.Context, page Page) (Span, error)
	// Bind prepares an update for a key of that type.
	Bind(update sqlscan.Statement, keyType string) Bound
	// Batch runs work in one durable transaction within the limits. When it
	// fails nothing was changed, unless the error wraps ErrLost.
	Batch(ctx context.Context, limits Limits, work func(context.Context, Querier) error) error
	// Describe names the place of a statement's error in its file.
	Describe(err error, place Place) error
	// Lag is how far behind the replicas are.
	Lag(ctx context.Context) (Lag, error)
	// Count runs a query that returns one number.
	Count(ctx context.Context, query string) (int64, error)
	Close() error
}

// ErrCrowded is wrapped by the error of a batch that others were in the way
// of, or that took too long. It was undone.
var ErrCrowded = errors.New("undone, others were in the way")

// ErrLost is wrapped by the error of work whose connection was lost. Only the
// cursor tells whether its last batch was committed.
var ErrLost = errors.New("the connection was lost")

// Shape is what a batch must know of its table.
type Shape struct {
	KeyType string
	Last    *string // the last key now; nil when there are no rows
	Rows    *plans.RowEstimate
}

// Page asks for keys behind After, up to UpTo, both as the database writes
// them as text.
type Page struct {
	Table, Key, KeyType string
	After               *string // nil: from the first
	UpTo                string
	Size                int
}

// Span is a row of keys, both ends included.
type Span struct {
	From, To string
	Keys     int64 // 0: there are none
}

// Bound returns the text and the arguments of an update for one span.
type Bound func(span Span) (text string, args []any)

// Place is where a text stands in a file.
type Place struct {
	File string
	Line int // of the text's first line
	Text string
}

// Limits bound one batch.
type Limits struct{ Lock, Statement time.Duration }

// Lag is the state of replication.
type Lag struct {
	Replicas int
	// Hidden is true when the role may not see how far behind they are.
	Hidden bool
	// Worst is the largest lag, Replica the name of who has it.
	Worst   time.Duration
	Replica string
}
