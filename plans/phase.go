package plans

// Phase is a stage of the safe order. Phases run one after another; steps
// inside a phase run side by side as far as their needs allow.
type Phase string

// The phases in the order in which they run.
const (
	Expand   Phase = "expand"   // old code keeps working throughout
	Deploy   Phase = "deploy"   // the new version starts to run
	Verify   Phase = "verify"   // checks, before users see anything
	Release  Phase = "release"  // users see it
	Contract Phase = "contract" // the old version no longer works: the point of no return
)

// Phases returns all phases in the order in which they run.
func Phases() []Phase { return []Phase{Expand, Deploy, Verify, Release, Contract} }

// Index returns the phase's place in the order from 0, or -1 if unknown.
func (p Phase) Index() int {
	for i, q := range Phases() {
		if p == q {
			return i
		}
	}
	return -1
}

// Before reports whether p runs before q.
func (p Phase) Before(q Phase) bool { return p.Index() < q.Index() }
