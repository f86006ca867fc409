package cloud

import (
	"encoding/json"
	"os"
	"time"
)

// entry is one line of the log.
type entry struct {
	Time  time.Time `json:"time"`
	PID   int       `json:"pid"`
	Verb  string    `json:"verb"`
	Kind  string    `json:"kind"`
	ID    string    `json:"id,omitempty"`
	Name  string    `json:"name,omitempty"`
	Event string    `json:"event"` // begin, hanging, made (if the call changes something), then done or failed
	Error string    `json:"error,omitempty"`
}

// note appends a line. One write of this length is not torn by a kill, and
// lines of several processes do not mix.
func (c *Cloud) note(call Call, event string, failure error) error {
	e := entry{
		Time: time.Now().UTC(), PID: os.Getpid(), Verb: call.Verb, Kind: call.Kind, ID: call.ID, Name: call.Name, Event: event,
	}
	if failure != nil {
		e.Error = failure.Error()
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.path(logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}
