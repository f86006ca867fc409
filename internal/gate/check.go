package gate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Status is what a sample or a check says.
type Status string

// Statuses.
const (
	Pass         Status = "pass"
	Fail         Status = "fail"         // the condition is false
	Inconclusive Status = "inconclusive" // nobody knows
)

// Check is one check block, ready to look.
type Check struct {
	Address          string
	Interval         time.Duration // between two samples
	Timeout          time.Duration // of one sample; zero: none
	SuccessThreshold int           // good samples in a row to pass; at least 1 counts
	FailureThreshold int           // bad samples in a row to fail; at least 1 counts
	Sampler          Sampler
	// Assert judges what a sample found; message says why it is not well. An
	// error means that it cannot be decided. Nil passes whatever was found.
	Assert func(self map[string]any) (ok bool, message string, err error)
}

// Sampler looks once. Self is what an assert block sees, of values that JSON
// knows. An error means that nothing was found out; it holds no secret.
type Sampler interface {
	Sample(ctx context.Context) (self map[string]any, err error)
}

// Sample is one look.
type Sample struct {
	At      time.Time     `json:"at"`
	Status  Status        `json:"status"`
	Message string        `json:"message"` // one line, safe to print
	Took    time.Duration `json:"took_ns"`
	// Self is what was found, by name: shortened, safe to print.
	Self map[string]string `json:"self,omitempty"`
}

// keptSamples bounds the evidence: the last ones decide.
const keptSamples = 20

// Verdict is the end of a check.
type Verdict struct {
	Status  Status `json:"status"`
	Message string `json:"message"`
	// Count is how many samples were taken; Samples are the last 20 of them.
	Count   int           `json:"count"`
	Samples []Sample      `json:"samples,omitempty"`
	Took    time.Duration `json:"took_ns"`
}

// Look takes one sample.
func Look(ctx context.Context, c Check) Sample {
	s := Sample{At: time.Now()}
	bounded, cancel := ctx, context.CancelFunc(func() {})
	if c.Timeout > 0 {
		bounded, cancel = context.WithTimeout(ctx, c.Timeout)
	}
	defer cancel()
	self, err := c.Sampler.Sample(bounded)
	s.Took = time.Since(s.At)
	if err != nil {
		if errors.Is(bounded.Err(), context.DeadlineExceeded) && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %s", c.Timeout)
		}
		s.Status, s.Message = Inconclusive, printable(err.Error(), maxMessage)
		return s
	}
	s.judge(c, self)
	return s
}

func (s *Sample) judge(c Check, self map[string]any) {
	s.Status, s.Message = Pass, describe(self)
	if c.Assert != nil {
		ok, message, err := c.Assert(self)
		switch {
		case err != nil:
			s.Status, s.Message = Inconclusive, printable("the condition cannot be decided: "+err.Error(), maxMessage)
		case !ok && message == "":
			s.Status, s.Message = Fail, "the condition is false: "+s.Message
		case !ok:
			s.Status, s.Message = Fail, printable(message, maxMessage)
		}
	}
	s.Self = evidence(self, s.Status != Pass)
}

// Watch samples until the thresholds decide or ctx ends. The verdict is
// inconclusive when ctx ended, or when no sample of the deciding row found
// anything out. seen is told each sample; it may be nil.
func Watch(ctx context.Context, c Check, seen func(Sample)) Verdict {
	begun := time.Now()
	v := Verdict{Status: Inconclusive}
	var good, bad, told int // in a row; told: bad ones that found something out
	for {
		s := Look(ctx, c)
		if ctx.Err() != nil {
			break // a sample that was cut short says nothing
		}
		v.add(s)
		if seen != nil {
			seen(s)
		}
		if s.Status == Pass {
			good, bad, told = good+1, 0, 0
		} else {
			good, bad = 0, bad+1
		}
		if s.Status == Fail {
			told++
		}
		if done := v.decide(c, good, bad, told); done {
			v.Took = time.Since(begun)
			return v
		}
		if !pause(ctx, c.Interval) {
			break
		}
	}
	v.Took = time.Since(begun)
	v.Message = fmt.Sprintf("undecided after %d samples: %s", v.Count, ended(ctx))
	if n := len(v.Samples); n > 0 {
		v.Message += "; last: " + v.Samples[n-1].Message
	}
	return v
}

func ended(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "the time for it is over"
	}
	return "interrupted"
}

func (v *Verdict) add(s Sample) {
	v.Count++
	v.Samples = append(v.Samples, s)
	if len(v.Samples) > keptSamples {
		v.Samples = v.Samples[1:]
	}
}

func (v *Verdict) decide(c Check, good, bad, told int) bool {
	last := v.Samples[len(v.Samples)-1].Message
	switch {
	case good >= max(c.SuccessThreshold, 1):
		v.Status, v.Message = Pass, inARow(good, "good", last)
	case bad >= max(c.FailureThreshold, 1):
		v.Status, v.Message = Fail, inARow(bad, "bad", last)
		if told == 0 {
			v.Status = Inconclusive
		}
	default:
		return false
	}
	return true
}

func inARow(n int, kind, last string) string {
	if n == 1 {
		return last
	}
	return fmt.Sprintf("%s (%d %s samples in a row)", last, n, kind)
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
