package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Deps are what samplers need from the program.
type Deps struct {
	// Querier answers the queries of checks "sql".
	Querier Querier
	// Root is the folder in which the commands of checks "exec" run.
	Root string
	// Environment is what those commands see as LOCKSTEP_ENVIRONMENT.
	Environment string
}

// Querier runs one statement that reads, in a transaction that cannot write.
// Its errors hold no part of url.
type Querier interface {
	Query(ctx context.Context, driver, url, query string) ([]map[string]any, error)
}

const (
	defaultInterval = 5 * time.Second
	defaultTimeout  = 10 * time.Second
	defaultSuccess  = 1
	defaultFailure  = 3
)

// rhythm are the arguments that every check block has.
type rhythm struct {
	Interval         string `json:"interval"`
	Timeout          string `json:"timeout"`
	SuccessThreshold *int   `json:"success_threshold"`
	FailureThreshold *int   `json:"failure_threshold"`
}

// Configure returns the check of a block's settings, but for Address and
// Assert.
func Configure(driver string, settings json.RawMessage, deps Deps) (Check, error) {
	sampler, err := New(driver, settings, deps)
	if err != nil {
		return Check{}, err
	}
	var r rhythm
	if err := json.Unmarshal(settings, &r); err != nil {
		return Check{}, explain(err)
	}
	c := Check{Sampler: sampler}
	if c.Interval, err = duration("interval", r.Interval, defaultInterval); err != nil {
		return Check{}, err
	}
	if c.Timeout, err = duration("timeout", r.Timeout, defaultTimeout); err != nil {
		return Check{}, err
	}
	if c.SuccessThreshold, err = threshold("success_threshold", r.SuccessThreshold, defaultSuccess); err != nil {
		return Check{}, err
	}
	c.FailureThreshold, err = threshold("failure_threshold", r.FailureThreshold, defaultFailure)
	return c, err
}

// New returns the sampler of a check block: driver "http", "sql" or "exec".
// Arguments that the driver does not have are an error.
func New(driver string, settings json.RawMessage, deps Deps) (Sampler, error) {
	switch driver {
	case "http":
		return newHTTP(settings)
	case "sql":
		return newSQL(settings, deps.Querier)
	case "exec":
		return newExec(settings, deps)
	}
	return nil, fmt.Errorf("there is no check %q in this version, expected http, sql or exec", driver)
}

// decode reads settings strictly.
func decode(settings json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(settings))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return explain(err)
	}
	return nil
}

// explain says which argument is wrong without its value, which may be secret.
func explain(err error) error {
	if e := new(json.UnmarshalTypeError); errors.As(err, &e) {
		kind, _, _ := strings.Cut(e.Value, " ")
		return fmt.Errorf("settings: %s is a %s, expected %s", e.Field, kind, e.Type)
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return fmt.Errorf("settings: this check has no argument %s", name)
	}
	return errors.New("settings: expected a JSON object with the check's arguments")
}

func duration(name, text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s is %q, expected a duration above zero, such as 5s", name, text)
	}
	return d, nil
}

func threshold(name string, n *int, otherwise int) (int, error) {
	if n == nil {
		return otherwise, nil
	}
	if *n < 1 {
		return 0, fmt.Errorf("%s is %d, expected 1 or more", name, *n)
	}
	return *n, nil
}
