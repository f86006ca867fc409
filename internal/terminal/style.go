package terminal

// Style is how a word looks. It never carries the meaning alone: the word or
// a sign beside it does.
type Style string

// Styles by meaning.
const (
	Strong Style = "1"  // headings
	Faint  Style = "2"  // what may be skipped
	Good   Style = "32" // done, added
	Notice Style = "33" // changed, warnings, waiting
	Bad    Style = "31" // failed, removed, no way back
	Busy   Style = "36" // running
)

// Paint returns text in the style, or as it is when the stream has no colour.
func (o *Output) Paint(style Style, text string) string {
	if !o.Colour || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}
