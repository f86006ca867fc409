package database

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// FigureReader is a Driver whose server counts rows, bytes and writes.
type FigureReader interface {
	// Figures reads the catalog and statistics alone; see providers.Surveyor.
	Figures(ctx context.Context, target Target, req providers.SurveyRequest) (plans.Survey, error)
}

var _ providers.Surveyor = (*Provider)(nil)

// Survey tells how large and how busy relations of a database are. Settings
// are the database block's.
func (p *Provider) Survey(ctx context.Context, req providers.SurveyRequest) (plans.Survey, error) {
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return plans.Survey{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	reader, able := p.driver.(FigureReader)
	if !able {
		return plans.Survey{}, fmt.Errorf("%s: driver %s has no figures of relations: %w", req.Address, p.driver.Name(), errors.ErrUnsupported)
	}
	survey, err := reader.Figures(ctx, target, req)
	if err != nil {
		return plans.Survey{}, fmt.Errorf("%s: %w", req.Address, HideURL(target.URL, err))
	}
	survey.Address = req.Address
	return survey, nil
}
