package figures

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestOf(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		rounds []float64
		want   Spread[float64]
	}{
		{"none", nil, Spread[float64]{}},
		{"one", []float64{3}, Spread[float64]{3, 3, 3, 1}},
		{"odd", []float64{9, 1, 2}, Spread[float64]{1, 2, 9, 3}},
		{"even", []float64{4, 1, 2, 9}, Spread[float64]{1, 3, 9, 4}},
	}
	for _, c := range cases {
		if got := Of(c.rounds); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestOfLeavesItsArgumentAlone(t *testing.T) {
	t.Parallel()
	rounds := []time.Duration{3, 1, 2}
	Of(rounds)
	Percentile(rounds, 50)
	if !slices.Equal(rounds, []time.Duration{3, 1, 2}) {
		t.Errorf("the rounds were sorted in place: %v", rounds)
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var thousand []int
	for i := 1; i <= 1000; i++ {
		thousand = append(thousand, i)
	}
	cases := []struct {
		values []int
		p      float64
		want   int
	}{
		{nil, 99, 0},
		{[]int{7}, 99.9, 7},
		{[]int{7}, 0, 7},
		{thousand, 50, 500},
		{thousand, 99.9, 999},
		{thousand, 100, 1000},
		{thousand[:10], 99, 10},
		{[]int{1, 2, 3, 4}, 75, 3},
	}
	for _, c := range cases {
		if got := Percentile(c.values, c.p); got != c.want {
			t.Errorf("%g %% of %d values: got %d, want %d", c.p, len(c.values), got, c.want)
		}
	}
}

func TestPercentileIsNotPassedByItsShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 300).Draw(t, "values")
		p := float64(rapid.IntRange(1, 1000).Draw(t, "per mille")) / 10
		got := Percentile(values, p)
		within, below := 0, 0
		for _, v := range values {
			if v <= got {
				within++
			}
			if v < got {
				below++
			}
		}
		share := func(n int) float64 { return 100 * float64(n) / float64(len(values)) }
		if !slices.Contains(values, got) || share(within) < p-1e-6 || below > 0 && share(below) >= p+1e-6 {
			t.Fatalf("%g %% of %v: got %d", p, values, got)
		}
	})
}

func TestRatios(t *testing.T) {
	t.Parallel()
	if r, ok := Ratio(Of([]int64{2, 4, 6}), Of([]int64{1, 2, 8})); !ok || r != 2 {
		t.Errorf("got %g %v, want the ratio of the medians, 2", r, ok)
	}
	if _, ok := Ratio(Of([]int64{1}), Spread[int64]{}); ok {
		t.Error("a ratio to what was not measured")
	}
	// A round in which the machine was busy doubles both, and not the ratio.
	if got := Pairwise([]float64{2, 4, 2}, []float64{1, 2, 1}); got != (Spread[float64]{2, 2, 2, 3}) {
		t.Errorf("got %+v, want 2 in each of three rounds", got)
	}
	if got := Pairwise([]float64{2, 4}, []float64{1, 0, 5}); got != (Spread[float64]{2, 2, 2, 1}) {
		t.Errorf("got %+v, want the one round that both have", got)
	}
}
