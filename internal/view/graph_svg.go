package view

import (
	"fmt"
	"html"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// Measures of the drawing, in pixels.
const (
	boxWidth, boxHeight = 240, 44
	gapX, gapY          = 56, 14
	marginX, marginY    = 16, 52
	labelRunes          = 32
)

type point struct{ x, y int }

// SVG draws the order: a column for each phase, a box for each step, arrows
// for what waits for what. It needs no other program and holds no script.
func (v Graph) SVG(plan *plans.Plan) error {
	p := newPage(v.Out)
	places, columns, rows := placeSteps(plan)
	w := 2*marginX + max(len(columns), 1)*(boxWidth+gapX) - gapX
	h := marginY + max(rows, 1)*(boxHeight+gapY) + marginX
	name := html.EscapeString(safe(plan.ChangeSet + " -> " + plan.Environment))
	p.line(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="Order of %s" font-family="monospace" font-size="12">`, w, h, w, h, name)
	p.line(`<title>Order of %s</title>`, name)
	p.line(`<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>`)
	p.line(`<rect width="%d" height="%d" fill="#fff"/>`, w, h)
	for i, phase := range columns {
		p.line(`<text x="%d" y="32" font-size="15" font-weight="bold" fill="#222">%s</text>`, marginX+i*(boxWidth+gapX), phase)
	}
	for _, e := range edges(plan) {
		p.line("%s", arrow(places[e.from-1], places[e.to-1], e.phases))
	}
	for i := range plan.Steps {
		box(p, plan, i, places[i])
	}
	p.line(`</svg>`)
	return p.flush()
}

func placeSteps(plan *plans.Plan) (places []point, columns []plans.Phase, rows int) {
	places = make([]point, len(plan.Steps))
	for column, c := range clusters(plan) {
		columns = append(columns, c.phase)
		for row, i := range c.steps {
			places[i] = point{marginX + column*(boxWidth+gapX), marginY + row*(boxHeight+gapY)}
		}
		rows = max(rows, len(c.steps))
	}
	return places, columns, rows
}

func arrow(from, to point, dashed bool) string {
	dash := ""
	if dashed {
		dash = ` stroke-dasharray="4 3"`
	}
	x1, y1, x2, y2 := from.x+boxWidth, from.y+boxHeight/2, to.x, to.y+boxHeight/2
	path := fmt.Sprintf("M%d,%d C%d,%d %d,%d %d,%d", x1, y1, x1+gapX/2, y1, x2-gapX/2, y2, x2, y2)
	if from.x == to.x { // inside of a column: along its right side
		bend := x1 + gapX/3
		path = fmt.Sprintf("M%d,%d C%d,%d %d,%d %d,%d", x1, y1, bend, y1, bend, y2, x1, y2)
	}
	return fmt.Sprintf(`<path d="%s" fill="none" stroke="#555"%s marker-end="url(#arrow)"/>`, path, dash)
}

func box(p *page, plan *plans.Plan, i int, at point) {
	s := &plan.Steps[i]
	stroke, fill, words := "#777", "#f6f8fa", change(s)
	if s.OneWay() {
		stroke, fill, words = "#b00020", "#fdecea", "NO WAY BACK: "+words
	}
	label := fmt.Sprintf("%d %s %s", i+1, sign(plan, s), safe(s.Address))
	p.line(`<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="%s" stroke="%s"/>`,
		html.EscapeString(strings.TrimSuffix(label+": "+words, ": ")), at.x, at.y, boxWidth, boxHeight, fill, stroke)
	p.line(`<text x="%d" y="%d" fill="#111">%s</text>`, at.x+8, at.y+18, html.EscapeString(cut(label, labelRunes)))
	p.line(`<text x="%d" y="%d" fill="#555">%s</text></g>`, at.x+8, at.y+35, html.EscapeString(cut(words, labelRunes)))
}
