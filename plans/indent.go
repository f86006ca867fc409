package plans

import "bytes"

// indent lays out JSON that encoding/json wrote without blanks, byte for byte
// as json.Indent does with two spaces. Checking again what is valid anyway is
// what json.Indent spends its time on, and plans can have ten thousand steps.
func indent(compact []byte) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/2)
	depth := 0
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := i + stringLength(compact[i:])
			out = append(out, compact[i:end]...)
			i = end - 1
		case '{', '[':
			out = append(out, c)
			if next := compact[i+1]; next == '}' || next == ']' {
				out = append(out, next)
				i++
				continue
			}
			depth++
			out = newLine(out, depth)
		case '}', ']':
			depth--
			out = append(newLine(out, depth), c)
		case ',':
			out = newLine(append(out, c), depth)
		case ':':
			out = append(out, c, ' ')
		default:
			out = append(out, c)
		}
	}
	return out
}

func newLine(out []byte, depth int) []byte {
	out = append(out, '\n')
	for range depth {
		out = append(out, ' ', ' ')
	}
	return out
}

// stringLength returns the length of the string that s begins with, both
// quotes included. A quote after an odd number of backslashes is escaped.
func stringLength(s []byte) int {
	for end := 1; ; end++ {
		end += bytes.IndexByte(s[end:], '"')
		backslashes := 0
		for s[end-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return end + 1
		}
	}
}
