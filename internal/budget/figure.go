package budget

import (
	"fmt"
	"strings"
)

// Bytes writes a size in two digits, in the units of pg_size_pretty.
func Bytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	size, unit := float64(n), 0
	for size >= 1000 && unit < len(units)-1 {
		size, unit = size/1024, unit+1
	}
	return scaled(size) + " " + units[unit]
}

// Rows writes a count in two digits: "41 M".
func Rows(n int64) string {
	units := []string{"", " k", " M", " G", " T"}
	size, unit := float64(n), 0
	for size >= 999.5 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	return scaled(size) + units[unit]
}

func scaled(size float64) string {
	if size >= 9.95 || size == float64(int64(size)) {
		return fmt.Sprintf("%.0f", size)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", size), ".0")
}
