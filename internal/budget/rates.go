package budget

import (
	"fmt"
	"math"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// pace is how fast work is done on the slowest server that is thought of and
// on the fastest, per second.
type pace struct{ slow, fast float64 }

const megabyte = 1 << 20

// The rates are wide around what BenchmarkRates measures. It was run with
// PostgreSQL 15.18 and its default settings but for durable commits as they
// are, on a virtual machine with two cores of an AMD EPYC and an SSD, on two
// million rows of about 270 bytes (558 MB, in the cache of the operating
// system) and with two indexes of 155 MB. The slow ends leave room for a disk
// in the cloud that gives 100 MB a second and has others to serve, the fast
// ends for memory and parallel workers.

// scanning was measured at 1,900 and 2,900 MB/s for a CHECK and SET NOT NULL,
// and at 910 MB/s for a foreign key. Rows of few bytes take longer a byte.
func scanning() pace { return pace{100 * megabyte, 4096 * megabyte} }

// rewriting was measured at 110 MB/s of table and indexes together.
func rewriting() pace { return pace{20 * megabyte, 500 * megabyte} }

// indexing was measured at 290,000 rows/s of texts of 192 characters, 720,000
// of 32, and 1,750,000 of integers, in btree indexes.
func indexing() pace { return pace{80_000, 4_000_000} }

// indexingOther is for indexes that are not btrees and for exclusion
// constraints: one of 100,000 rows took 2.35 s, 200,000 texts in a hash index
// 0.14 s; GIN and HNSW take longer than either.
func indexingOther() pace { return pace{2_000, 2_000_000} }

// changing was measured at 29,000 rows/s for an UPDATE of rows with two
// indexes, and at 340,000 rows/s for a DELETE without foreign keys.
func changing() pace { return pace{5_000, 500_000} }

// A change of the catalog was measured at 1.2 to 3.6 ms with its commit, and
// at 0.13 to 0.23 ms more for each partition.
const (
	catalogLow       = time.Millisecond
	catalogHigh      = 100 * time.Millisecond
	partitionHigh    = 3 * time.Millisecond
	partitionsPerLow = 10 // partitions to a millisecond
)

// span is a range of time.
type span struct{ low, high time.Duration }

func (p pace) span(low, high float64) span {
	return span{time.Duration(low / p.fast * float64(time.Second)), time.Duration(high / p.slow * float64(time.Second))}
}

func (s span) plus(other span) span { return span{s.low + other.low, s.high + other.high} }

func catalogSpan(partitions int) span {
	return span{
		catalogLow + time.Duration(partitions/partitionsPerLow)*time.Millisecond,
		catalogHigh + time.Duration(partitions)*partitionHigh,
	}
}

// estimate rounds outwards: more digits would be a pretence.
func (s span) estimate(source, format string, args ...any) *plans.Estimate {
	return &plans.Estimate{
		Low: plans.Duration(outwards(s.low, math.Floor)), High: plans.Duration(outwards(s.high, math.Ceil)),
		Basis: fmt.Sprintf(format, args...), Source: source,
	}
}

// outwards keeps one digit below ten of a unit, and whole units above.
func outwards(d time.Duration, round func(float64) float64) time.Duration {
	unit := time.Millisecond
	for _, larger := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour} {
		if d >= 10*larger {
			unit = larger
		}
	}
	return time.Duration(round(float64(d)/float64(unit))) * unit
}
