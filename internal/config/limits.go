package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/nesting"
)

// Limits of one language file. The parsers of the HCL library recurse without
// a limit of their own, and a stack overflow cannot be recovered from
// (hashicorp/hcl issue 809), so they only see what passes here.
const (
	maxFileBytes = 1 << 20
	maxNesting   = nesting.MaxDepth
	maxOperators = nesting.MaxOperators
)

// inspect refuses what must not reach a parser. Warnings alone do not stop it.
func inspect(name string, src []byte) diag.Diagnostics {
	start := hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
	if len(src) > maxFileBytes {
		return diag.Diagnostics{mistake{
			"file-too-large", "File is larger than 1 MiB",
			fmt.Sprintf("The file has %d bytes.", len(src)), "Split it; all files of a project are read as one.",
		}.at(start)}
	}
	if !utf8.Valid(src) {
		return diag.Diagnostics{invalidUTF8(name, src)}
	}
	if strings.HasSuffix(name, ".json") {
		if excess := nesting.JSON(name, src); excess != nil {
			return diag.Diagnostics{tooDeep(excess.Range)}
		}
		return nil // templates inside of strings are counted when they are converted
	}
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos) // the parser reports what is wrong here
	return inspectTokens(tokens)
}

func invalidUTF8(name string, src []byte) diag.Diagnostic {
	at := hcl.InitialPos
	for len(src) > at.Byte {
		r, size := utf8.DecodeRune(src[at.Byte:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at.Byte += size
		at.Column++
		if r == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
	}
	end := at
	end.Byte++
	return mistake{
		"invalid-utf-8", "File is not UTF-8",
		fmt.Sprintf("The byte at offset %d is 0x%02x, which is not valid UTF-8.", at.Byte, src[at.Byte]),
		"Save the file as UTF-8.",
	}.at(hcl.Range{Filename: name, Start: at, End: end})
}

// inspectTokens counts brackets and operators, and looks for text that
// deceives or that looks like a credential.
func inspectTokens(tokens hclsyntax.Tokens) diag.Diagnostics {
	var ds diag.Diagnostics
	excess := nesting.Tokens(tokens)
	for i, token := range tokens {
		switch {
		case excess == nil || i < excess.Index:
			ds = append(ds, inspectText(token)...)
		case excess.Deep:
			return append(ds, tooDeep(token.Range))
		default:
			return append(ds, tooManyOperators(token.Range))
		}
	}
	return ds
}

func tooDeep(r hcl.Range) diag.Diagnostic {
	return mistake{
		"nesting-too-deep", fmt.Sprintf("Nesting deeper than %d", maxNesting),
		"Brackets are open inside of each other more often than any real configuration needs.",
		"Name parts of the expression with locals.",
	}.at(r)
}

func tooManyOperators(r hcl.Range) diag.Diagnostic {
	return mistake{
		"expression-too-long", fmt.Sprintf("Expression has more than %d operators", maxOperators),
		"One expression strings together more operators than any real configuration needs.",
		"Name parts of the expression with locals.",
	}.at(r)
}

// credentials are shapes that no literal of a reviewed file should have: an
// AWS access key, a private key, a URL with a password.
var credentials = regexp.MustCompile(`\bAKIA[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b[a-z][a-z0-9+.-]*://[^\s/:@"$%{]*:[^\s/:@"$%{]+@`)

func inspectText(token hclsyntax.Token) diag.Diagnostics {
	switch token.Type {
	case hclsyntax.TokenComment:
		if strings.ContainsFunc(string(token.Bytes), reorders) {
			return diag.Diagnostics{mistake{
				"bidirectional-text", "Comment holds characters that reorder text",
				"What a reviewer sees is not what the file says (CVE-2021-42574).", "Remove the characters.",
			}.warning(token.Range)}
		}
	case hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit:
		return inspectLiteral(string(token.Bytes), token.Range)
	}
	return nil
}

// reorders reports whether c changes the direction of the text after it.
func reorders(c rune) bool { return unicode.Is(unicode.Bidi_Control, c) }

func inspectLiteral(literal string, r hcl.Range) diag.Diagnostics {
	var ds diag.Diagnostics
	if strings.ContainsFunc(literal, reorders) {
		ds = append(ds, mistake{
			"bidirectional-text", "Text holds characters that reorder text",
			"What a reviewer sees is not what the file says (CVE-2021-42574).",
			`Remove them, or write them as an escape such as "\u202e".`,
		}.at(r))
	}
	if i := strings.IndexFunc(literal, func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' && c != '\r' }); i >= 0 {
		ds = append(ds, mistake{
			"control-character", fmt.Sprintf("Control character U+%04X in text", literal[i]),
			"Terminals and databases read control characters as commands or refuse them.", "Remove it.",
		}.at(r))
	}
	if credentials.MatchString(literal) {
		ds = append(ds, mistake{
			"credential", "Literal looks like a credential",
			"Files of the project are reviewed and stored in plan bundles (the value is not repeated here).",
			"Declare a variable with sensitive = true and give its value by LOCKSTEP_VAR_NAME or a file outside of version control.",
		}.hidden(r))
	}
	return ds
}
