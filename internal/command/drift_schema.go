package command

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse"
	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// schemaDrift compares the objects of a PostgreSQL database with those that its
// applied files make on a throw-away server. notCompared says why it could not.
func (d *driftWatch) schemaDrift(ctx context.Context, provider providers.Provider, req providers.DriftRequest) (items []providers.DriftItem, notCompared string) {
	target, err := database.DecodeTarget(req.Settings)
	if err != nil {
		return nil, "its schema: " + err.Error()
	}
	history, able := providers.As[interface {
		AppliedFiles(context.Context, providers.DriftRequest) ([]plans.MigrationFile, error)
	}](provider)
	switch {
	case !able:
		return nil, "its schema: that needs PostgreSQL"
	case d.app.rehearseMode(target) == database.RehearseNever:
		return nil, "its schema: throw-away servers are switched off (rehearse = \"never\" in the database block, --rehearse or " + rehearseVariable + ")"
	}
	applied, err := history.AppliedFiles(ctx, req)
	if err != nil {
		return nil, "its schema: " + err.Error()
	}
	if len(applied) == 0 {
		return nil, ""
	}
	limited, cancel := context.WithTimeout(ctx, longestRehearsal)
	defer cancel()
	found, err := rehearse.Drifted(limited, rehearse.SchemaRequest{
		Target: target.URL, Scratch: target.Trial.ScratchURL, Applied: applied, Omit: []string{target.Table},
	})
	switch {
	case limited.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Sprintf("its schema: it was not done after %s", longestRehearsal)
	case errors.Is(err, rehearse.ErrNoServer):
		return nil, "its schema: there is no server to run the migrations on: name one (scratch_url in the database block), or install PostgreSQL's programs"
	case err != nil:
		return nil, "its schema: " + err.Error()
	}
	return withoutUnmanaged(schemaItems(found), strings.Split(target.Unmanaged, "\n")), ""
}

// schemaItems joins the differences of one object. Definitions may hold values,
// so attributes are named alone.
func schemaItems(found []catalog.Difference) []providers.DriftItem {
	var items []providers.DriftItem
	for _, d := range found {
		item := providers.DriftItem{Address: string(d.Kind) + " " + strings.TrimPrefix(d.Name, "public."), What: "changed by hand", ByHand: true}
		switch d.Change {
		case catalog.Added:
			item.What = "from no migration"
		case catalog.Removed:
			item.What = "missing"
		}
		if last := len(items) - 1; last < 0 || items[last].Address != item.Address {
			items = append(items, item)
		}
		if last := &items[len(items)-1]; d.Attribute != "" {
			last.Attributes = append(last.Attributes, d.Attribute)
		}
	}
	return items
}

// withoutUnmanaged leaves out what others look after.
func withoutUnmanaged(items []providers.DriftItem, unmanaged []string) []providers.DriftItem {
	return slices.DeleteFunc(items, func(i providers.DriftItem) bool {
		return slices.ContainsFunc(unmanaged, func(pattern string) bool {
			fits, err := path.Match(pattern, i.Address)
			return err == nil && fits
		})
	})
}
