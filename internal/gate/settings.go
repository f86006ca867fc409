package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Deps are what some samplers need from outside.
type Deps struct {
	Querier Querier
}

// settings are the arguments of a check block, of every driver.
type settings struct {
	Interval         string  `json:"interval"`
	Timeout          string  `json:"timeout"`
	Window           *string `json:"window"`
	SuccessThreshold int     `json:"success_threshold"`
	FailureThreshold int     `json:"failure_threshold"`

	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`

	Database *struct {
		Driver string `json:"driver"`
		URL    string `json:"url"`
	} `json:"database"`
	Query string `json:"query"`

	Command []string `json:"command"`
}

// New makes the check of a block from its real settings. Address and Assert
// are left to the caller. An error names the argument, never its value.
func New(driver string, raw json.RawMessage, deps Deps) (Check, error) {
	var s settings
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&s); err != nil {
		return Check{}, errors.New("the settings of the check cannot be read")
	}
	check := Check{SuccessThreshold: s.SuccessThreshold, FailureThreshold: s.FailureThreshold}
	var err error
	if check.Interval, err = positive("interval", s.Interval); err != nil {
		return Check{}, err
	}
	if check.Timeout, err = positive("timeout", s.Timeout); err != nil {
		return Check{}, err
	}
	if s.SuccessThreshold < 1 || s.FailureThreshold < 1 {
		return Check{}, errors.New("success_threshold and failure_threshold: expected 1 or more")
	}
	check.Sampler, err = s.sampler(driver, deps)
	return check, err
}

func (s settings) sampler(driver string, deps Deps) (Sampler, error) {
	switch driver {
	case "http":
		return newHTTP(HTTP{URL: s.URL, Method: s.Method, Headers: s.Headers, Body: s.Body})
	case "sql":
		if s.Database == nil || s.Query == "" {
			return nil, errors.New("a check of driver sql needs database and query")
		}
		return &SQL{Driver: s.Database.Driver, URL: s.Database.URL, Query: s.Query, Querier: deps.Querier}, nil
	case "exec":
		if len(s.Command) == 0 || s.Command[0] == "" {
			return nil, errors.New("command: expected a program and its arguments")
		}
		return &Exec{Command: s.Command}, nil
	default:
		return nil, fmt.Errorf("check driver %q is not supported by this version", driver)
	}
}

func positive(name, value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s: expected a duration above zero", name)
	}
	return d, nil
}
