package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// MaxSize is the largest artifact that is fetched, in bytes.
const MaxSize = 2 << 30

// Options say where things are.
type Options struct {
	// Root is the project's folder; relative paths start there.
	Root string
	// Store is the folder of the store, relative to Root; empty means DefaultStore.
	Store string
	// MaxSize bounds an artifact in bytes; zero means the constant MaxSize.
	MaxSize int64
}

// Provider fetches artifacts from one kind of source.
type Provider struct {
	source source
	store  Store
	shown  string // the store's folder for people and plans: relative to the project
	max    int64
}

var _ providers.Provider = (*Provider)(nil)

// source is a place that artifacts come from.
type source interface {
	name() string
	// read understands the block's settings.
	read(raw json.RawMessage) (wanted, error)
	// open starts reading the content; the caller closes it.
	open(ctx context.Context, w wanted) (content, error)
}

// wanted is one artifact block.
type wanted struct {
	location string            // a path, or a URL with all its secrets
	shown    string            // the same for people, without secrets
	headers  map[string]string // http
	digest   plans.Digest      // pinned by the author, or empty
}

// content is an artifact that is being read.
type content struct {
	io.ReadCloser
	executable bool
}

func newProvider(s source, o Options) *Provider {
	p := &Provider{source: s, store: NewStore(o.storeDir()), shown: o.storeName(), max: o.MaxSize}
	if p.max == 0 {
		p.max = MaxSize
	}
	return p
}

// Within returns name as it is when absolute, otherwise below root.
func Within(root, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	if abs, err := filepath.Abs(filepath.Join(root, name)); err == nil {
		return abs
	}
	return filepath.Join(root, name)
}

func (o Options) storeDir() string {
	if o.Store == "" {
		return Within(o.Root, DefaultStore)
	}
	return Within(o.Root, o.Store)
}

// storeName is the store's folder relative to the project, so that what is
// journalled does not depend on where the project is.
func (o Options) storeName() string {
	dir := o.storeDir()
	if relative, err := filepath.Rel(Within(o.Root, "."), dir); err == nil && filepath.IsLocal(relative) {
		return filepath.ToSlash(relative)
	}
	return dir
}

// place is where the content with the digest is, or would be, for people.
func (p *Provider) place(d plans.Digest) string { return path.Join(p.shown, d.Hex()) }

// Observe implements providers.Provider: it reads the whole content, since
// only that proves what the source has now.
func (p *Provider) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	w, err := p.source.read(req.Settings)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	c, err := p.openCapped(ctx, w)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	defer c.Close()
	digest, size, err := hash(ctx, c, io.Discard)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: read %s: %w", req.Address, w.shown, err)
	}
	if w.digest != "" && digest != w.digest {
		return providers.Observed{}, fmt.Errorf("%s: %s has the digest %s, expected %s as pinned in the block; build it again or change digest", req.Address, w.shown, digest, w.digest)
	}
	return providers.Observed{Observation: plans.Observation{
		Address:  req.Address,
		Provider: "artifact/" + p.source.name(),
		Identity: w.shown,
		Artifact: &plans.ArtifactState{Digest: digest, Size: size},
	}}, nil
}

func (p *Provider) openCapped(ctx context.Context, w wanted) (content, error) {
	c, err := p.source.open(ctx, w)
	if err != nil {
		return content{}, err
	}
	c.ReadCloser = &capped{ReadCloser: c.ReadCloser, left: p.max, max: p.max}
	return c, nil
}

// capped fails a reader that gives more than max bytes.
type capped struct {
	io.ReadCloser
	left, max int64
}

func (c *capped) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	if c.left -= int64(n); c.left < 0 {
		return 0, fmt.Errorf("found more than %d bytes, expected an artifact of at most that size", c.max)
	}
	return n, err
}

// planned returns what the step is to bring: the digest that the plan saw.
func (p *Provider) planned(req providers.Request) (wanted, plans.Digest, error) {
	address := req.Step.Address
	w, err := p.source.read(req.Settings)
	if err != nil {
		return wanted{}, "", fmt.Errorf("%s: %w", address, err)
	}
	digest := w.digest
	if req.Observed.Artifact != nil {
		digest = req.Observed.Artifact.Digest
	}
	if !digest.Valid() {
		return wanted{}, "", fmt.Errorf("%s: the plan names no digest for this artifact; plan again", address)
	}
	if w.digest != "" && w.digest != digest {
		return wanted{}, "", fmt.Errorf("%s: the block pins %s, the plan was made for %s; plan again", address, w.digest, digest)
	}
	return w, digest, nil
}

// Apply implements providers.Provider: it stores the content with the planned
// digest, or nothing.
func (p *Provider) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	w, digest, err := p.planned(req)
	if err != nil {
		return providers.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return providers.Result{}, err
	}
	held, err := p.store.Holds(ctx, digest)
	if err != nil && !errors.Is(err, ErrAltered) {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	result := providers.Result{Summary: digest.Short() + " is in the store", Outputs: p.outputs(req.Step.Address, w, digest)}
	if held {
		return result, nil
	}
	c, err := p.openCapped(ctx, w)
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	defer c.Close()
	if err := p.store.put(ctx, digest, c); err != nil {
		return providers.Result{}, fmt.Errorf("%s: fetch %s: %w", req.Step.Address, w.shown, err)
	}
	result.Summary, result.Changed = "fetched "+digest.Short(), true
	return result, nil
}

// outputs are what artifact.TYPE.NAME exports.
func (p *Provider) outputs(address string, w wanted, d plans.Digest) []plans.Output {
	text := func(name, value string) plans.Output {
		b, _ := json.Marshal(value) // a string always encodes
		return plans.Output{Name: name, Known: true, Value: b}
	}
	return []plans.Output{
		text("address", address),
		text("digest", string(d)),
		text("path", p.place(d)),
		text("pinned", w.shown+"@"+string(d)),
	}
}

// Rollback implements providers.Provider: the store is a cache, so taking the
// content out of it restores what was before exactly.
func (p *Provider) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	_, digest, err := p.planned(req)
	if err != nil {
		return providers.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return providers.Result{}, err
	}
	removed, err := p.store.remove(digest)
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	if !removed {
		return providers.Result{Summary: digest.Short() + " is not in the store"}, nil
	}
	return providers.Result{Summary: "removed " + digest.Short() + " from the store", Changed: true}, nil
}

// Probe implements providers.Provider: it hashes the stored file.
func (p *Provider) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	w, digest, err := p.planned(req)
	if err != nil {
		return providers.Report{}, err
	}
	held, err := p.store.Holds(ctx, digest)
	switch {
	case errors.Is(err, ErrAltered):
		return providers.Report{Verdict: providers.Partial, Detail: err.Error()}, nil
	case err != nil:
		return providers.Report{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	case held:
		return providers.Report{
			Verdict: providers.Done,
			Detail:  p.place(digest) + " has the planned digest",
			Outputs: p.outputs(req.Step.Address, w, digest),
		}, nil
	}
	return providers.Report{Verdict: providers.Absent, Detail: p.place(digest) + " does not exist"}, nil
}

// Rerun implements providers.Provider: content is fetched by digest.
func (p *Provider) Rerun(plans.Action) providers.Rerun { return providers.RerunSafe }
