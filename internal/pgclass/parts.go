package pgclass

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/plans"
)

// Phases of the files of a split, in their order.
const (
	phaseExpand   = "expand"
	phaseData     = "data"
	phaseContract = "contract"
)

// part is one file in the making.
type part struct {
	phase string
	units []unit
	ready *File // of a unit that is split by itself
	alone bool  // takes no other unit
}

// parts divides units into files, in the order in which they run. There are
// none where one cannot be written as SQL, or where another order would mean
// something else; why says so, and what to do about it.
func parts(units []unit) (files []File, why string) {
	if why := dependent(units); why != "" {
		return nil, why
	}
	if why := conflict(units); why != "" {
		return nil, why
	}
	if wanders(units) {
		return nil, "its names are looked up in one place first and in another one later: say the schema with each name"
	}
	list := divide(units)
	slices.SortStableFunc(list, func(a, b part) int { return phaseRank(a.phase) - phaseRank(b.phase) })
	if len(list) < 2 && !slices.ContainsFunc(list, func(p part) bool { return p.ready != nil }) {
		return nil, "all of it belongs into one file and one of its statements must not run beside the others: write a file for each"
	}
	for _, p := range list {
		f, ok := p.file(settings(units))
		if !ok {
			return nil, "one of its statements cannot be written by itself: write a file for each side of the deployment"
		}
		f.Name = freeName(files, f.Name)
		files = append(files, f)
	}
	return files, ""
}

// freeName is the name, or the first one with a number behind it that no file
// has.
func freeName(files []File, name string) string {
	free := name
	for i := 2; slices.ContainsFunc(files, func(f File) bool { return f.Name == free }); i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	return free
}

func phaseRank(phase string) int {
	return slices.Index([]string{phaseExpand, phaseData, phaseContract}, phase)
}

// divide gives every unit to a part of its phase. It returns one without units
// where a unit cannot be split.
func divide(units []unit) []part {
	var list []part
	phase := phaseExpand
	if first := slices.IndexFunc(units, func(u unit) bool { return placed(u) != "" }); first >= 0 {
		phase = placed(units[first])
	}
	for _, u := range units {
		switch {
		case u.Class == plans.ClassSplit && len(u.Split) == 0:
			list = append(list, part{phase: phaseExpand, alone: true})
			continue
		case u.left:
			continue
		case u.Class == plans.ClassSplit, adds(u.Tree) && len(u.Split) > 0:
			for _, f := range u.Split {
				list = append(list, part{phase: f.Phase, ready: &f, alone: true})
			}
			continue
		case u.Tree.GetTransactionStmt() != nil, u.Tree.GetVariableSetStmt() != nil:
			continue // see settings
		}
		if p := placed(u); p != "" {
			phase = p
		}
		list = give(list, u, phase)
	}
	return list
}

// placed is the phase of a unit, empty for one that goes with what is around
// it.
func placed(u unit) string {
	switch {
	case u.Class == plans.ClassContract:
		return phaseContract
	case u.Class == plans.ClassData:
		return phaseData
	case u.needed():
		return phaseExpand
	}
	return ""
}

// give puts a unit into the last part of its phase, or into a new one when
// either has to stand alone.
func give(list []part, u unit, phase string) []part {
	alone := u.OutsideTransaction() || validates(u.Tree)
	for i := range slices.Backward(list) {
		if list[i].phase != phase {
			continue
		}
		if list[i].alone || alone {
			break
		}
		list[i].units = append(list[i].units, u)
		return list
	}
	return append(list, part{phase: phase, units: []unit{u}, alone: alone})
}

// adds reports whether a unit adds a constraint, whose files take the place of
// the statement in a split.
func adds(tree *pg.Node) bool {
	cmds := tree.GetAlterTableStmt().GetCmds()
	return len(cmds) == 1 && cmds[0].GetAlterTableCmd().GetSubtype() == pg.AlterTableType_AT_AddConstraint
}

func validates(tree *pg.Node) bool {
	cmds := tree.GetAlterTableStmt().GetCmds()
	return len(cmds) == 1 && cmds[0].GetAlterTableCmd().GetSubtype() == pg.AlterTableType_AT_ValidateConstraint
}

// settings are the statements that prepare their session or transaction; each
// part has them.
func settings(units []unit) []string {
	var all []string
	for _, u := range units {
		if u.Tree.GetVariableSetStmt() != nil && !slices.Contains(all, u.Text) {
			all = append(all, u.Text)
		}
	}
	return all
}

func (p part) file(settings []string) (File, bool) {
	if p.ready != nil {
		return *p.ready, true
	}
	if len(p.units) == 0 {
		return File{}, false
	}
	var texts, downs []string
	if !p.units[0].OutsideTransaction() {
		texts = slices.Clone(settings)
	}
	lost := ""
	for _, u := range p.units {
		text := u.text()
		if text == "" || u.Tree == nil {
			return File{}, false
		}
		texts = append(texts, text)
		if u.down != "" {
			downs = append(downs, u.down)
		} else if u.Class != plans.ClassNeutral && lost == "" {
			lost = fmt.Sprintf("line %d %s", u.Line, u.Reason)
		}
	}
	f := File{Name: p.name(), Phase: p.phase, SQL: p.header() + lines(texts...)}
	slices.Reverse(downs)
	switch {
	case lost != "":
		f.SQL = "-- lockstep:irreversible " + lost + ", and no statement takes that back\n" + f.SQL
	case len(downs) > 0:
		f.Down = wayBack(downs)
	default:
		f.Down = "-- there is nothing to take back\n"
	}
	return f, true
}

// wayBack is the text of a way back. What must not run in a transaction makes
// the whole file run without one.
func wayBack(downs []string) string {
	if strings.Contains(strings.Join(downs, ";"), " CONCURRENTLY ") && len(downs) > 1 {
		return "-- lockstep:no-transaction\n" + lines(downs...)
	}
	return lines(downs...)
}

func (p part) name() string {
	for _, u := range p.units {
		if placed(u) != "" && u.act != "" {
			return p.phase + "_" + u.act
		}
	}
	for _, u := range p.units {
		if u.act != "" {
			return p.phase + "_" + u.act
		}
	}
	return p.phase + "_part"
}

// header says the phase where no statement of the part does.
func (p part) header() string {
	class := worstOf(rulings(p.units)).Class
	if string(class) == p.phase || p.phase == phaseData || class == plans.ClassNeutral && p.phase == phaseExpand {
		return ""
	}
	return fmt.Sprintf("-- lockstep:phase %s it belongs to what comes before it\n", p.phase)
}

// wanders reports whether a file looks names up in one place first and in
// another one later: each part has its settings once.
func wanders(units []unit) bool {
	begun := false
	for _, u := range units {
		if u.Tree.GetVariableSetStmt().GetName() == "search_path" && begun {
			return true
		}
		begun = begun || u.Tree.GetVariableSetStmt() == nil || u.Tree.GetVariableSetStmt().GetName() == "search_path"
	}
	return false
}

// dependent says which unit that would run earlier needs a name that one
// before it has taken away, so that the parts cannot change places; it is empty
// for none.
func dependent(units []unit) string {
	gone := map[string]int{}
	for _, u := range units {
		if placed(u) == phaseExpand || placed(u) == phaseData {
			for _, n := range makesNames(u.Tree) {
				if line, is := gone[n]; is {
					return fmt.Sprintf("line %d takes the name that line %d gives away: give what is new a name of its own", u.Line, line)
				}
			}
		}
		if u.Class == plans.ClassContract {
			for _, n := range takesNames(u.Tree) {
				gone[n] = u.Line
			}
		}
	}
	return ""
}

func joined(parts ...string) string { return strings.Join(parts, "\x00") }
