// Package figures turns measurements into what a report may say of them:
// the smallest, the middle and the largest of a few rounds, percentiles of
// many queries, and ratios.
package figures

import (
	"cmp"
	"math"
	"slices"
)

// Spread is what some rounds have in common. The zero value is that of none.
type Spread[T cmp.Ordered] struct {
	Min, Median, Max T
	Rounds           int
}

// number is what has a middle.
type number interface {
	~int | ~int64 | ~float64
}

// Of returns the spread of the rounds. The median of an even number of rounds
// is the middle between the two in the middle.
func Of[T number](rounds []T) Spread[T] {
	if len(rounds) == 0 {
		return Spread[T]{}
	}
	sorted := slices.Sorted(slices.Values(rounds))
	n := len(sorted)
	return Spread[T]{Min: sorted[0], Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Max: sorted[n-1], Rounds: n}
}

// Percentile returns the smallest value that at least p percent of the values
// do not pass (the nearest rank: always a value that was measured), and the
// zero value when there are none.
func Percentile[T cmp.Ordered](values []T, p float64) T {
	if len(values) == 0 {
		var none T
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	// The small constant keeps 99.9 % of 1,000 at 999: the product is a hair above.
	rank := int(math.Ceil(p/100*float64(len(sorted)) - 1e-9))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Ratio returns how many times the other's median this one's is, and false
// when one of the two was not measured or the other is zero.
func Ratio[T number](a, b Spread[T]) (float64, bool) {
	if a.Rounds == 0 || b.Rounds == 0 || b.Median == 0 {
		return 0, false
	}
	return float64(a.Median) / float64(b.Median), true
}

// Pairwise returns the spread of the ratios of rounds that were measured side
// by side: the first of one with the first of the other, and so on. Noise that
// hit both at the same time is not in it. Rounds that only one of them has are
// left out, and so are those in which the other is zero.
func Pairwise[T number](a, b []T) Spread[float64] {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] != 0 {
			ratios = append(ratios, float64(a[i])/float64(b[i]))
		}
	}
	return Of(ratios)
}
