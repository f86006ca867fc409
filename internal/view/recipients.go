package view

import "strings"

// Recipients names those for whom something is sealed, one after another. Of
// an SSH key its comment says whose it is; a long key is cut in the middle.
func Recipients(all []string) string {
	const whole, head, tail = 70, 20, 8
	names := make([]string, len(all))
	for i, name := range all {
		name = safe(name)
		if fields := strings.Fields(name); len(fields) > 2 {
			name = fields[0] + " " + strings.Join(fields[2:], " ")
		}
		if runes := []rune(name); len(runes) > whole {
			name = string(runes[:head]) + "..." + string(runes[len(runes)-tail:])
		}
		names[i] = name
	}
	return strings.Join(names, ", ")
}

// sealedFor says who can carry out a plan whose inputs are sealed.
func sealedFor(p *page, r Review) {
	if len(r.SealedFor) > 0 {
		p.line("")
		p.paragraph("", "Its inputs are sealed for "+Recipients(r.SealedFor)+": whoever applies it needs the identity of one of them.")
	}
}
