package postgres

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRounding(t *testing.T) {
	t.Parallel()
	for given, want := range map[int64]int64{0: 0, 8192: 8192, 41_000: 40 << 10, 19_500_000_000: 18 << 30, 1023: 1000} {
		if got := roundBytes(given); got != want {
			t.Errorf("%d bytes: got %d, want %d", given, got, want)
		}
	}
	for given, want := range map[float64]int64{0: 0, 7: 7, 99: 99, 12345: 12000, 41_249_876: 41_000_000} {
		if got := roundRows(given); got != want {
			t.Errorf("%g rows: got %d, want %d", given, got, want)
		}
	}
	for given, want := range map[time.Duration]time.Duration{
		30 * time.Second: 0, 90 * time.Second: time.Minute, 50 * time.Hour: 24 * time.Hour, 5000 * time.Hour: 100 * 24 * time.Hour,
	} {
		if got := roundSpan(given); got != want {
			t.Errorf("a span of %s: got %s, want %s", given, got, want)
		}
	}
	if got := roundAge(372 * time.Second); got != 370*time.Second {
		t.Errorf("got %s", got)
	}
	if roundLag(30*time.Millisecond) != 0 || roundLag(420*time.Millisecond) != 400*time.Millisecond || roundLag(83*time.Second) != 83*time.Second {
		t.Error("lags are rounded to a tenth of a second, long ones to two digits")
	}
	if roundAverage(0.003) != 0 || roundAverage(0.123) != 0.1 || roundAverage(1512) != 2000 {
		t.Error("an average keeps one digit")
	}
}

func TestRoundingKeepsTheSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1<<52).Draw(t, "n")
		for name, got := range map[string]float64{"bytes": float64(roundBytes(n)), "rows": float64(roundRows(float64(n)))} {
			if math.Abs(got-float64(n)) > 0.051*float64(n) {
				t.Fatalf("%s: %d became %g", name, n, got)
			}
		}
		if b := roundBytes(n); roundBytes(b) != b {
			t.Fatalf("%d is rounded to %d, and that to %d", n, b, roundBytes(b))
		}
	})
}
