package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"sync"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// MaxRecord is the longest JSON document of one record, in bytes. What is
// bigger belongs into a file of the run, named by its digest.
const MaxRecord = 64 << 10

const recordVersion = 1

// ErrTooLarge is wrapped by the error of an Append whose record would pass
// MaxRecord. Nothing was written and the writer stays usable.
var ErrTooLarge = errors.New("journal record is too large")

// Kind says what a record reports. Data holds the payload of that kind.
type Kind string

// Kinds of records and the type of their Data.
const (
	RunBegin      Kind = "run.begin"      // Begin
	RunResume     Kind = "run.resume"     // none
	PhaseBegin    Kind = "phase.begin"    // PhaseMark
	PhaseDone     Kind = "phase.done"     // PhaseMark
	StepIntent    Kind = "intent"         // Intent
	StepHandle    Kind = "handle"         // whatever the provider records
	StepOutcome   Kind = "outcome"        // Outcome
	StepProbe     Kind = "probe"          // Probe
	GateVerdict   Kind = "gate.verdict"   // Verdict
	BakeProgress  Kind = "bake"           // Bake
	RollbackBegin Kind = "rollback.begin" // Rollback
	UndoIntent    Kind = "undo.intent"    // Intent
	UndoOutcome   Kind = "undo.outcome"   // Outcome
	UndoKept      Kind = "undo.kept"      // Kept
	Decided       Kind = "decision"       // Decision
	BarrierPlan   Kind = "barrier"        // Barrier
	RunEnd        Kind = "run.end"        // End
)

// Record is one line of a journal.
type Record struct {
	V           int             `json:"v"`
	Seq         int64           `json:"seq"` // from 1, without gaps
	At          time.Time       `json:"at"`
	Run         string          `json:"run"`
	ChangeSet   string          `json:"change_set"`
	Environment string          `json:"environment"`
	Plan        plans.Digest    `json:"plan"`
	Kind        Kind            `json:"kind"`
	Step        string          `json:"step,omitempty"`
	Attempt     int             `json:"attempt,omitempty"`
	Actor       string          `json:"actor,omitempty"`
	Host        string          `json:"host,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"`
	// Prev is the digest of the previous record's JSON bytes; the first
	// record's is the digest of the run's header.
	Prev plans.Digest `json:"prev"`

	parsed any // Data as an Intent or an Outcome, where it was read already
}

// CorruptError says where a journal stopped being what was written.
type CorruptError struct {
	Path   string // empty when parsed from memory
	Record int64  // number of the first bad record, from 1
	Offset int64  // byte at which that record begins
	Reason string
}

// Error implements error.
func (e *CorruptError) Error() string {
	where := e.Path
	if where == "" {
		where = "journal"
	}
	return fmt.Sprintf("%s is damaged at record %d (byte %d): %s. Nothing was changed. "+
		"Restore the file from a backup, or move the run's folder away and plan again: a new plan reads the targets as they are",
		where, e.Record, e.Offset, e.Reason)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const checksumLen = 8

func encodeLine(r Record) (line, doc []byte, err error) {
	doc, err = json.Marshal(r)
	if err != nil {
		return nil, nil, fmt.Errorf("encode journal record: %w", err)
	}
	if len(doc) > MaxRecord {
		return nil, nil, fmt.Errorf("%w: %s of %q has %d bytes, the limit is %d", ErrTooLarge, r.Kind, r.Step, len(doc), MaxRecord)
	}
	line = make([]byte, 0, checksumLen+1+len(doc)+1)
	line = fmt.Appendf(line, "%08x ", crc32.Checksum(doc, castagnoli))
	line = append(line, doc...)
	return append(line, '\n'), doc, nil
}

// decodeLine reads a line; before is any other record of the run.
func decodeLine(line []byte, before *Record) (r Record, doc []byte, reason string) {
	if len(line) < checksumLen+2 || line[checksumLen] != ' ' {
		return r, nil, "it does not begin with a checksum"
	}
	doc = line[checksumLen+1:]
	if len(doc) > MaxRecord {
		return r, nil, fmt.Sprintf("it is longer than %d bytes", MaxRecord)
	}
	var sum [checksumLen / 2]byte
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(doc, castagnoli))
	if string(hex.AppendEncode(make([]byte, 0, checksumLen), sum[:])) != string(line[:checksumLen]) {
		return r, nil, "its checksum does not match"
	}
	known := false
	if r, known = scanRecord(doc, before); !known {
		r = Record{}
		if err := json.Unmarshal(doc, &r); err != nil {
			return r, nil, "it is not a journal record"
		}
	}
	if r.V != recordVersion {
		return r, nil, fmt.Sprintf("it has format version %d, this version of lockstep reads %d", r.V, recordVersion)
	}
	return r, doc, ""
}

// Parsed is what Parse found.
type Parsed struct {
	Records []Record
	// Good is the length of the whole records, in bytes. What follows is a
	// record that was being written when the machine or the process died.
	Good int64
	// Torn is true when something follows.
	Torn bool

	first, head plans.Digest // digests of the first and the last record's JSON bytes
}

// Parse reads a journal. A last record without its line end is torn: it is
// left out and reported. Anything else that is not exactly what was written
// is a *CorruptError.
func Parse(b []byte) (Parsed, error) {
	lines := bytes.SplitAfter(b, []byte{'\n'})
	torn := len(lines[len(lines)-1]) > 0
	p := Parsed{Torn: torn, Records: make([]Record, 0, len(lines))}
	for _, line := range decodeAll(lines[:len(lines)-1]) {
		reason := line.reason
		if reason == "" {
			reason = p.misfit(line.record)
		}
		if reason != "" {
			p.Torn = false
			return p, &CorruptError{Record: int64(len(p.Records)) + 1, Offset: p.Good, Reason: reason}
		}
		p.Records = append(p.Records, line.record)
		p.head = line.digest
		if line.record.Seq == 1 {
			p.first = p.head
		}
		p.Good += line.length
	}
	if len(p.Records) == 0 {
		return p, &CorruptError{Record: 1, Reason: "it holds no whole record"}
	}
	return p, nil
}

// decoded is what one line holds, apart from the others.
type decoded struct {
	record Record
	digest plans.Digest
	length int64
	reason string
}

// decodeAll reads lines side by side; that they follow from each other is for
// the caller to see.
func decodeAll(lines [][]byte) []decoded {
	all := make([]decoded, len(lines))
	share := max(len(lines)/runtime.GOMAXPROCS(0)+1, leastShare)
	var group sync.WaitGroup
	for from := 0; from < len(lines); from += share {
		group.Go(func() {
			before := &Record{}
			for i := from; i < min(from+share, len(lines)); i++ {
				line := lines[i]
				record, doc, reason := decodeLine(line[:len(line)-1], before)
				all[i] = decoded{record: record, length: int64(len(line)), reason: reason}
				if reason == "" {
					all[i].digest = plans.DigestOf(doc)
				}
				before = &all[i].record
			}
		})
	}
	group.Wait()
	return all
}

// leastShare is how many lines are worth a goroutine.
const leastShare = 256

// misfit says why r cannot follow what was read so far, or "".
func (p *Parsed) misfit(r Record) string {
	if want := int64(len(p.Records)) + 1; r.Seq != want {
		return fmt.Sprintf("it has number %d, expected %d", r.Seq, want)
	}
	want := p.head
	if len(p.Records) == 0 {
		var begin Begin
		if r.Kind != RunBegin || json.Unmarshal(r.Data, &begin) != nil {
			return "the first record does not begin a run"
		}
		want = headerDigest(r.Plan, begin.Tool)
	} else if r.Run != p.Records[0].Run {
		return fmt.Sprintf("it belongs to run %q, expected %q", r.Run, p.Records[0].Run)
	}
	if r.Prev != want {
		return "it does not follow from the record before it (the hash chain is broken)"
	}
	return ""
}

func headerDigest(plan plans.Digest, tool string) plans.Digest {
	return plans.DigestOf(fmt.Appendf(nil, "%s\n%s\n", plan, tool))
}
