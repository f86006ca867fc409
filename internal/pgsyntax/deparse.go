package pgsyntax

import (
	"errors"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// deepestWritten bounds the messages in one another of a tree that is written.
// The WebAssembly build was seen to read other statements wrong after it had
// written one of 200; fifty calls of functions in one another are 100.
const deepestWritten = 100

// Deparse writes a statement's tree as SQL, without comments and with one
// spelling for all ways to write the same: two texts with the same tree become
// one. Line breaks are only in its strings. What it returns was read back and
// gave the same tree. The error says why the tree cannot be written: it is not
// complete, it is nested too deep, or the library writes another statement
// (one build has ARRAY[1,2][1] for (ARRAY[1,2])[1]). Then the statement's text
// is to be used.
func Deparse(tree *pg.Node) (string, error) {
	if tree.GetNode() == nil {
		return "", errors.New("cannot write a statement without a tree; use its text")
	}
	if n := depth(tree); n > deepestWritten {
		return "", fmt.Errorf("cannot write a tree of %d levels, expected at most %d; use the statement's text", n, deepestWritten)
	}
	text, err := chosen.deparse(&pg.ParseResult{Version: treeVersion, Stmts: []*pg.RawStmt{{Stmt: tree}}})
	if err != nil {
		return "", fmt.Errorf("cannot write a tree: %w; use the statement's text", err)
	}
	back, refused := chosen.parse(text)
	if refused != nil || len(back) != 1 || !Same(tree, back[0].GetStmt()) {
		return "", errors.New("cannot write a tree: what is written reads as another statement; use the statement's text")
	}
	return text, nil
}

// DeparseExpression writes an expression as SQL; see Deparse.
func DeparseExpression(expression *pg.Node) (string, error) {
	const query = "SELECT "
	if expression.GetNode() == nil {
		return "", errors.New("cannot write an expression that is not there")
	}
	target := &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: expression}}}
	text, err := Deparse(&pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{
		TargetList:  []*pg.Node{target},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT,
		Op:          pg.SetOperation_SETOP_NONE,
	}}})
	return strings.TrimPrefix(text, query), err
}
