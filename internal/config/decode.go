package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// block is one block as written, with its arguments not evaluated.
type block struct {
	doc    *BlockDoc
	driver string
	name   string // empty for blocks without labels
	args   map[string]*argument
	blocks []*block
	place  hcl.Range // the block's header
	source []byte    // the block as written
}

type argument struct {
	doc   ArgumentDoc
	expr  hclsyntax.Expression
	raw   hcl.Expression // as the parser gave it: types are read from this form
	place hcl.Range      // the whole argument
}

// address is the block's name in expressions and plans.
func (b *block) address() string {
	if b.driver != "" && b.doc.Type != "journal" {
		return b.doc.Type + "." + b.driver + "." + b.name
	}
	return b.doc.Type + "." + b.name
}

// title names the block for people.
func (b *block) title() string {
	words := []string{b.doc.Type}
	for _, label := range []string{b.driver, b.name} {
		if label != "" {
			words = append(words, fmt.Sprintf("%q", label))
		}
	}
	return strings.Join(words, " ")
}

func (b *block) children(kind string) []*block {
	var found []*block
	for _, child := range b.blocks {
		if child.doc.Type == kind {
			found = append(found, child)
		}
	}
	return found
}

// decoder turns parsed bodies into blocks by the table.
type decoder struct {
	file *hcl.File
	ds   diag.Diagnostics
}

func (d *decoder) fail(m mistake, r hcl.Range) { d.ds = append(d.ds, m.at(r)) }

// body decodes what stands inside a block, or at the top of a file.
func (d *decoder) body(body hcl.Body, docs []BlockDoc, into *block) {
	if into.doc.Free {
		d.freeArguments(body, into)
		return
	}
	content, hds := body.Content(schemaOf(into.doc.Arguments, docs))
	d.ds = append(d.ds, diag.FromHCL(hds)...)
	for _, doc := range into.doc.Arguments {
		if attribute := content.Attributes[doc.Name]; attribute != nil {
			d.argument(attribute, doc, into)
		} else if doc.Required && !hds.HasErrors() {
			d.fail(mistake{
				"missing-argument", fmt.Sprintf("Missing argument %q", doc.Name),
				fmt.Sprintf("%s needs the argument %q: %s", into.title(), doc.Name, doc.Doc),
				fmt.Sprintf("Add %s = ... (%s).", doc.Name, doc.Type),
			}, into.place)
		}
	}
	for _, found := range content.Blocks {
		d.block(found, docs, into)
	}
}

func (d *decoder) freeArguments(body hcl.Body, into *block) {
	attributes, hds := body.JustAttributes()
	d.ds = append(d.ds, diag.FromHCL(hds)...)
	for _, name := range sortedKeys(attributes) {
		d.argument(attributes[name], ArgumentDoc{Name: name, Type: TypeAny}, into)
	}
}

func schemaOf(arguments []ArgumentDoc, blocks []BlockDoc) *hcl.BodySchema {
	schema := new(hcl.BodySchema)
	for _, argument := range arguments {
		schema.Attributes = append(schema.Attributes, hcl.AttributeSchema{Name: argument.Name})
	}
	seen := map[string]bool{}
	for _, b := range blocks {
		if !seen[b.Type] {
			schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: b.Type, LabelNames: b.Labels})
		}
		seen[b.Type] = true
	}
	return schema
}

func (d *decoder) argument(attribute *hcl.Attribute, doc ArgumentDoc, into *block) {
	if doc.Unsupported {
		d.fail(unsupportedMistake(fmt.Sprintf("Argument %q", doc.Name)), attribute.NameRange)
		return
	}
	expr, ds := native(attribute.Expr)
	d.ds = append(d.ds, ds...)
	if doc.Type != TypeConstraint {
		expr = metered(expr)
	}
	into.args[doc.Name] = &argument{doc: doc, expr: expr, raw: attribute.Expr, place: attribute.Range}
}

func unsupportedMistake(what string) mistake {
	return mistake{
		"unsupported-by-version", what + " is not supported by this version",
		"It belongs to the language, but this version of Lockstep cannot carry it out.",
		"Remove it, or use a newer version of Lockstep.",
	}
}

func (d *decoder) block(found *hcl.Block, docs []BlockDoc, parent *block) {
	doc, driver := d.docOf(found, docs)
	if doc == nil {
		return
	}
	b := &block{doc: doc, driver: driver, args: map[string]*argument{}, place: found.DefRange, source: d.sourceOf(found)}
	if len(doc.Labels) > 0 && doc.Labels[len(doc.Labels)-1] != "type" {
		b.name = found.Labels[len(found.Labels)-1]
	}
	if !doc.Supported {
		d.fail(unsupportedMistake("Block "+b.title()), found.DefRange)
		return
	}
	if len(found.Labels) == len(doc.Labels) && b.name != "" {
		d.checkName(b, found.LabelRanges[len(found.LabelRanges)-1])
	}
	d.body(found.Body, doc.Blocks, b)
	d.checkRepeated(b, parent)
	parent.blocks = append(parent.blocks, b)
}

// docOf finds the block's entry by its type and, where there are drivers, its
// first label.
func (d *decoder) docOf(found *hcl.Block, docs []BlockDoc) (*BlockDoc, string) {
	var drivers []string
	for i := range docs {
		switch {
		case docs[i].Type != found.Type:
		case docs[i].Driver == "":
			return &docs[i], labelDriver(&docs[i], found)
		case len(found.Labels) > 0 && docs[i].Driver == found.Labels[0]:
			return &docs[i], docs[i].Driver
		default:
			drivers = append(drivers, docs[i].Driver)
		}
	}
	place := found.TypeRange
	given := ""
	if len(found.LabelRanges) > 0 {
		place, given = found.LabelRanges[0], found.Labels[0]
	}
	d.fail(mistake{
		"unknown-type", fmt.Sprintf("Unknown type %q of %s", given, found.Type),
		fmt.Sprintf("The first label of a block %q picks what kind it is.", found.Type),
		didYouMean(given, drivers),
	}, place)
	return nil, ""
}

// labelDriver returns the first of two labels of a block type that has no
// entry for each driver.
func labelDriver(doc *BlockDoc, found *hcl.Block) string {
	if len(doc.Labels) == 2 && len(found.Labels) > 0 {
		return found.Labels[0]
	}
	return ""
}

func (d *decoder) checkRepeated(b *block, parent *block) {
	if b.doc.Repeatable {
		return
	}
	for _, other := range parent.blocks {
		if other.doc.Type == b.doc.Type {
			d.fail(mistake{
				"duplicate-block", fmt.Sprintf("Second block %q", b.doc.Type),
				fmt.Sprintf("The first one is at %s.", placeOf(other.place)),
				"Merge the two.",
			}, b.place)
			return
		}
	}
}

// sourceOf returns the block's text: exact bytes in the native syntax. In the
// JSON form a block has no text of its own, so it is the whole file.
func (d *decoder) sourceOf(found *hcl.Block) []byte {
	body, ok := found.Body.(*hclsyntax.Body)
	if !ok {
		return d.file.Bytes
	}
	from, to := found.DefRange.Start.Byte, body.SrcRange.End.Byte
	if from < 0 || to > len(d.file.Bytes) || from > to {
		return nil
	}
	return slices.Clone(d.file.Bytes[from:to])
}

func placeOf(r hcl.Range) string { return diag.FromHCLRange(r).String() }
