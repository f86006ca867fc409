package queries

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// edit replaces one piece of a text.
type edit struct {
	from, to int
	with     string
}

// edited does the edits, which are in order. What is put in never joins a word
// beside it.
func edited(text string, edits []edit) string {
	var b strings.Builder
	end := 0
	for _, e := range edits {
		b.WriteString(text[end:e.from])
		if e.from > 0 && inWord(text[e.from-1]) {
			b.WriteByte(' ')
		}
		b.WriteString(e.with)
		if e.to < len(text) && inWord(text[e.to]) {
			b.WriteByte(' ')
		}
		end = e.to
	}
	b.WriteString(text[end:])
	return b.String()
}

func inWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// tokensOf cuts one statement that has been split before.
func tokensOf(text string) []sqlscan.Token { return sqlscan.Statement{Text: text}.Tokens() }

// placeholder returns n of $n.
func placeholder(t sqlscan.Token) (int, bool) {
	digits, isOne := strings.CutPrefix(t.Text, "$")
	if t.Kind != sqlscan.Number || !isOne {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && n <= maxParameters
}

// maxParameters is what the protocol counts in 16 bits.
const maxParameters = 65535

// numbered turns named parameters into $n: @name, :name, sqlc.arg(name),
// sqlc.narg(name), sqlc.slice(name), and sqlc.embed(table) into table.*. The
// same name is the same $n; names are counted behind the numbers that stand in
// the text. names has one entry for each $n, "" for one without a name.
func numbered(text string) (sql string, names []string, err error) {
	n := numberer{tokens: tokensOf(text)}
	for _, t := range n.tokens {
		if number, ok := placeholder(t); ok {
			n.names = append(n.names, make([]string, max(0, number-len(n.names)))...)
		}
	}
	for n.at < len(n.tokens) && n.err == nil {
		n.step()
	}
	return edited(text, n.edits), n.names, n.err
}

type numberer struct {
	tokens []sqlscan.Token
	at     int
	depth  int // of square brackets, in which a colon parts a slice
	names  []string
	edits  []edit
	err    error
}

func (n *numberer) step() {
	t := n.tokens[n.at]
	switch {
	case t.Symbol("["):
		n.depth++
	case t.Symbol("]"):
		n.depth--
	case t.Is("sqlc") && n.symbol(1, "."):
		n.call()
		return
	case t.Symbol("@") && n.adjacentWord() && !n.operatorBefore(),
		t.Symbol(":") && n.adjacentWord() && n.depth <= 0 && !n.follows(":"):
		word := n.tokens[n.at+1]
		n.replace(1, n.number(word.Name()))
		return
	}
	n.at++
}

// call reads sqlc.arg(name) and its like, from the word sqlc on.
func (n *numberer) call() {
	const length = 6 // sqlc . arg ( name )
	if n.at+length > len(n.tokens) || !n.symbol(3, "(") || !n.symbol(5, ")") {
		n.err = fmt.Errorf("sqlc. without a call of one argument")
		return
	}
	function, argument := n.tokens[n.at+2], n.tokens[n.at+4]
	name := argument.Name()
	if argument.Kind == sqlscan.String {
		name = strings.Trim(argument.Text, "'")
	}
	switch {
	case name == "":
		n.err = fmt.Errorf("sqlc.%s has the argument %s, expected a name", function.Text, argument.Text)
	case function.Is("embed"):
		n.replace(length-1, argument.Text+".*")
	case function.Is("arg"), function.Is("narg"), function.Is("slice"):
		n.replace(length-1, n.number(name))
	default:
		n.err = fmt.Errorf("sqlc.%s is not known", function.Text)
	}
}

// replace puts text in the place of the token at hand and the further ones.
func (n *numberer) replace(further int, with string) {
	last := n.tokens[n.at+further]
	n.edits = append(n.edits, edit{n.tokens[n.at].Offset, last.Offset + len(last.Text), with})
	n.at += further + 1
}

func (n *numberer) number(name string) string {
	i := slices.Index(n.names, name)
	if i < 0 {
		n.names = append(n.names, name)
		i = len(n.names) - 1
	}
	return "$" + strconv.Itoa(i+1)
}

func (n *numberer) symbol(ahead int, symbol string) bool {
	return n.at+ahead < len(n.tokens) && n.tokens[n.at+ahead].Symbol(symbol)
}

func (n *numberer) adjacentWord() bool {
	return n.at+1 < len(n.tokens) && n.tokens[n.at+1].Kind == sqlscan.Word && n.tokens[n.at+1].Offset == n.tokens[n.at].Offset+1
}

// operatorBefore reports whether the token at hand ends an operator such as <@.
func (n *numberer) operatorBefore() bool {
	return slices.ContainsFunc(strings.Split("+-*/<>=~!@#%^&|`?", ""), n.follows)
}

// follows reports whether symbol stands right before the token at hand.
func (n *numberer) follows(symbol string) bool {
	if n.at == 0 {
		return false
	}
	before := n.tokens[n.at-1]
	return before.Symbol(symbol) && before.Offset+1 == n.tokens[n.at].Offset
}
