package postgres

import (
	"math"
	"time"
)

// Figures are rounded, so that two plans of a quiet database are equal byte
// for byte although autovacuum has been there and time has passed.

// twoDigits keeps two significant digits.
func twoDigits(n float64) float64 { return digits(n, 2) }

func digits(n float64, keep int) float64 {
	if n == 0 {
		return 0
	}
	unit := math.Pow10(int(math.Floor(math.Log10(math.Abs(n)))) + 1 - keep)
	if unit < 1 { // dividing by a power of ten is exact where multiplying is not
		unit = math.Round(1 / unit)
		return math.Round(n*unit) / unit
	}
	return math.Round(n/unit) * unit
}

// roundRows keeps small counts as they are.
func roundRows(rows float64) int64 {
	if rows < 100 {
		return int64(math.Round(rows))
	}
	return int64(twoDigits(rows))
}

// roundBytes rounds in the unit that people read: 1.8 GB, 18 GB, 180 GB.
func roundBytes(bytes int64) int64 {
	unit := int64(1)
	for bytes/unit >= 1024 {
		unit *= 1024
	}
	return int64(math.Round(twoDigits(float64(bytes)/float64(unit)) * float64(unit)))
}

// roundAge keeps two digits of the seconds.
func roundAge(d time.Duration) time.Duration {
	return time.Duration(twoDigits(math.Round(d.Seconds()))) * time.Second
}

// roundLag leaves out what is normal between two servers.
func roundLag(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return roundAge(d)
}

// roundSpan is the longest time of a ladder that is not longer than d; zero
// when d is too short for an average that tells anything.
func roundSpan(d time.Duration) time.Duration {
	const day = 24 * time.Hour
	ladder := []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, day, 7 * day, 30 * day, 100 * day, 365 * day}
	span := time.Duration(0)
	for _, step := range ladder {
		if d >= step {
			span = step
		}
	}
	return span
}

// roundAverage keeps one digit: the average of a long time moves with each
// second that passes.
func roundAverage(perSecond float64) float64 {
	if perSecond < 0.01 {
		return 0
	}
	return digits(perSecond, 1)
}
