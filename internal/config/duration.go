package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

const maxDuration = 365 * 24 * time.Hour

// ParseDuration reads "1h30m", "250ms", "7d", "2w" (units in falling order, as
// Prometheus reads them) and "0". It refuses negative ones, numbers without a
// unit, and more than 365 days. The error says what is expected.
func ParseDuration(s string) (time.Duration, error) {
	switch {
	case s == "":
		return 0, errors.New(`an empty text is not a duration; write for example "30s"`)
	case strings.HasPrefix(s, "-"):
		return 0, fmt.Errorf("%q is negative; a duration is zero or more", cut(s))
	case strings.Trim(s, "0123456789.") == "" && s != "0":
		return 0, fmt.Errorf("%q has no unit; write for example %q (units: ms, s, m, h, d, w)", cut(s), cut(s)+"s")
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		if strings.Contains(err.Error(), "out of range") {
			return 0, fmt.Errorf("%q is longer than 365 days", cut(s))
		}
		return 0, fmt.Errorf(`%q is not a duration; write for example "90s", "1h30m" or "7d" (units in falling order: w, d, h, m, s, ms)`, cut(s))
	}
	if time.Duration(d) > maxDuration {
		return 0, fmt.Errorf("%q is longer than 365 days, which is more than anything here may wait", cut(s))
	}
	return time.Duration(d), nil
}
