package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// shown are arguments that name things in plans and logs.
func shown(name string) bool {
	switch name {
	case "workspace", "allowed_actions", "accept_drift", "path", "working_dir", "method", "digest", "keep":
		return true
	}
	return false
}

// block evaluates one block of the change set, or a database.
func (r *resolution) block(b *block) Block {
	result := Block{
		Kind:    b.doc.Type,
		Driver:  b.driver,
		Name:    b.name,
		Address: b.address(),
		Needs:   r.project.needsOf(b),
		Reads:   r.project.readsOf(b),
		Range:   diag.FromHCLRange(b.place),
	}
	values := map[string]cty.Value{}
	for _, doc := range b.doc.Arguments {
		if doc.Unsupported || doc.Type == TypeBlocks || b.boundless(doc.Name) {
			continue
		}
		values[doc.Name] = r.setting(b, doc)
	}
	if _, ok := values["timeout"]; ok {
		result.Timeout = r.duration(b, "timeout")
	}
	result.Settings = Settings{value: cty.ObjectVal(values)}
	if b.doc.Type == "backfill" {
		r.checkBackfill(b, values)
		if update := b.args["update"]; update != nil {
			result.Text = textPlace(update)
		}
	}
	for _, child := range b.children("assert") {
		result.Asserts = append(result.Asserts, newAssert(child, r.eval.context.Variables, r.project))
	}
	return result
}

func (r *resolution) setting(b *block, doc ArgumentDoc) cty.Value {
	switch doc.Type {
	case TypeDatabase:
		return r.referred(b.args[doc.Name], func(address string) (cty.Value, bool) {
			value, ok := r.databases[strings.TrimPrefix(address, "database.")]
			return value, ok
		})
	case TypeArtifact:
		return r.referred(b.args[doc.Name], r.artifact)
	}
	if b.doc.Type == "backfill" {
		return r.decided(b, doc.Name) // all of it is reviewed
	}
	value, ds := r.eval.argument(b, doc.Name)
	r.ds = append(r.ds, ds...)
	if shown(doc.Name) && value.ContainsMarked() {
		r.ds = append(r.ds, secretIn(doc.Name).at(b.args[doc.Name].expr.Range()))
	}
	return value
}

func (r *resolution) referred(arg *argument, find func(string) (cty.Value, bool)) cty.Value {
	addresses := addressesIn(arg)
	if len(addresses) != 1 {
		return cty.NullVal(cty.DynamicPseudoType) // left out, or reported by Load
	}
	if value, ok := find(addresses[0]); ok {
		return value
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

func (r *resolution) artifact(address string) (cty.Value, bool) {
	parts := strings.Split(address, ".")
	value := r.eval.context.Variables["artifact"]
	for _, part := range parts[1:] {
		if !value.Type().IsObjectType() || !value.Type().HasAttribute(part) {
			return cty.NilVal, false
		}
		value = value.GetAttr(part)
	}
	return value, true
}

// databaseValues evaluates the databases that the change set refers to.
func (r *resolution) databaseValues() map[string]cty.Value {
	needed := map[string]bool{}
	for _, b := range r.changeSet.blocks {
		for _, address := range r.project.needsOf(b) {
			needed[address] = true
		}
	}
	values := map[string]cty.Value{}
	for _, b := range r.project.sorted("database") {
		if !needed[b.address()] && !r.allDatabases {
			continue
		}
		attributes := map[string]cty.Value{"name": cty.StringVal(b.name)}
		for _, doc := range b.doc.Arguments {
			if !doc.Unsupported && !b.boundless(doc.Name) {
				attributes[doc.Name] = r.databaseArgument(b, doc.Name)
			}
		}
		values[b.name] = cty.ObjectVal(attributes)
	}
	return values
}

func (r *resolution) databaseArgument(b *block, name string) cty.Value {
	if name == "hosts" {
		return r.decided(b, name)
	}
	value, ds := r.eval.argument(b, name)
	r.ds = append(r.ds, ds...)
	return value
}

// boundless reports whether an argument that bounds what a step may find is
// left out: then it is no setting, and a plan is as it was before there were
// such arguments.
func (b *block) boundless(name string) bool {
	return b.args[name] == nil && (name == "hosts" || name == "expected_version")
}

// databaseBlocks returns the databases in the form of blocks.
func (r *resolution) databaseBlocks(blocks []Block) []Block {
	var databases []Block
	for _, b := range r.project.sorted("database") {
		value, ok := r.databases[b.name]
		if !ok || !slices.ContainsFunc(blocks, func(x Block) bool { return slices.Contains(x.Needs, b.address()) }) {
			continue
		}
		databases = append(databases, Block{
			Kind: "database", Driver: textOf(value.GetAttr("driver")), Name: b.name, Address: b.address(),
			Needs: r.project.needsOf(b), Reads: r.project.readsOf(b), Settings: Settings{value: value}, Range: diag.FromHCLRange(b.place),
		})
	}
	return databases
}

// exports returns, by kind of block, what the blocks of the change set offer.
func (r *resolution) exports() map[string]cty.Value {
	tree := map[string]map[string]cty.Value{}
	add := func(kind, name string, value cty.Value) {
		if tree[kind] == nil {
			tree[kind] = map[string]cty.Value{}
		}
		tree[kind][name] = value
	}
	for _, changeSet := range r.project.root.children("change_set") {
		for _, b := range changeSet.children("terraform") { // a database may refer to one of any change set
			add("terraform", b.name, r.export(b))
		}
	}
	for _, b := range r.changeSet.blocks {
		switch addressLength(b.doc.Type) {
		case 2:
			add(b.doc.Type, b.name, r.export(b))
		case 3:
			add(b.doc.Type+"."+b.driver, b.name, r.export(b))
		}
	}
	roots := map[string]map[string]cty.Value{}
	for kind, values := range tree {
		root, driver, nested := strings.Cut(kind, ".")
		if roots[root] == nil {
			roots[root] = map[string]cty.Value{}
		}
		if nested {
			roots[root][driver] = cty.ObjectVal(values)
			continue
		}
		for name, value := range values {
			roots[root][name] = value
		}
	}
	result := map[string]cty.Value{}
	for root, values := range roots {
		result[root] = cty.ObjectVal(values)
	}
	return result
}

// export returns the object that a reference to the block gives.
func (r *resolution) export(b *block) cty.Value {
	address := b.address()
	given, ok := r.request.Exports[address]
	values := map[string]cty.Value{"address": cty.StringVal(address)}
	for _, doc := range b.doc.Exports {
		if doc.Name != "address" {
			values[doc.Name] = cty.UnknownVal(valueType(doc.Type))
		}
	}
	if !ok {
		return cty.ObjectVal(values)
	}
	offered := r.offered(b, given)
	if b.doc.Type == "terraform" {
		values["outputs"] = cty.ObjectVal(offered)
		return cty.ObjectVal(values)
	}
	for name, value := range offered {
		values[name] = value
	}
	return cty.ObjectVal(values)
}

func (r *resolution) offered(b *block, given Export) map[string]cty.Value {
	values := map[string]cty.Value{}
	for _, name := range given.Unknown {
		values[name] = cty.DynamicVal
	}
	for name, raw := range given.Known {
		values[name] = r.exported(b, name, raw)
	}
	for name, raw := range given.Sensitive {
		values[name] = secret(r.exported(b, name, raw))
	}
	return values
}

func (r *resolution) exported(b *block, name string, raw []byte) cty.Value {
	value, err := decodeJSON(raw, cty.DynamicPseudoType)
	if err != nil {
		r.ds = append(r.ds, mistake{
			"invalid-export", fmt.Sprintf("Value %q of %s cannot be read", name, b.address()),
			"It is not valid JSON.", "",
		}.at(b.place))
		return cty.DynamicVal
	}
	return value
}

func sortBlocks(blocks []Block) {
	slices.SortFunc(blocks, func(a, b Block) int { return strings.Compare(a.Address, b.Address) })
}
