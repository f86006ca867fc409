package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// sequenceOptions spells options of a sequence as they are behind ADD
// GENERATED; bounds belong to its type.
func sequenceOptions(options []*pg.Node, sameType bool) string {
	last := map[string]string{}
	var order []string
	for _, o := range options {
		d := o.GetDefElem()
		text := optionText(d)
		if text == "" || !sameType && slices.Contains([]string{"maxvalue", "minvalue", "as"}, d.GetDefname()) {
			continue
		}
		if last[d.GetDefname()] == "" {
			order = append(order, d.GetDefname())
		}
		last[d.GetDefname()] = text
	}
	var all []string
	for _, name := range order {
		all = append(all, last[name])
	}
	return strings.Join(all, " ")
}

func optionText(d *pg.DefElem) string {
	word := map[string]string{"start": "START WITH ", "increment": "INCREMENT BY ", "minvalue": "MINVALUE ", "maxvalue": "MAXVALUE ", "cache": "CACHE "}[d.GetDefname()]
	value, err := pgsyntax.DeparseExpression(numberNode(d.GetArg()))
	switch {
	case d.GetDefname() == "cycle" && d.GetArg().GetBoolean().GetBoolval():
		return "CYCLE"
	case word == "" || err != nil:
		return ""
	}
	return word + value
}

// numberNode is a number of an option as an expression.
func numberNode(n *pg.Node) *pg.Node {
	if f := n.GetFloat(); f != nil {
		return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Fval{Fval: f}}}}
	}
	if i := n.GetInteger(); i != nil {
		return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Ival{Ival: i}}}}
	}
	return &pg.Node{}
}
