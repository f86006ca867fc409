package command

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := bounds{time: time.Minute, bytes: 1 << 62, look: time.Second}
		if got, err := bounded(b, func() (int, error) { time.Sleep(59 * time.Second); return 1, nil }); got != 1 || err != nil {
			t.Error(got, err)
		}
		began := time.Now()
		if _, err := bounded(b, func() (int, error) { time.Sleep(time.Hour); return 1, nil }); !errors.Is(err, errTooLong) || time.Since(began) != time.Minute {
			t.Error(err)
		}
		b.bytes = 1
		if _, err := bounded(b, func() (int, error) { time.Sleep(time.Hour); return 1, nil }); !errors.Is(err, errTooMuch) {
			t.Error(err)
		}
		if _, err := bounded(b, func() (int, error) { panic("deep inside") }); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "deep inside") {
			t.Error(err)
		}
		time.Sleep(2 * time.Hour) // until what was given up has ended
	})
}
