package unpack

import "fmt"

// Limits bound what an archive may become. They are counted while unpacking:
// sizes in headers are what the archive's author wanted us to believe.
type Limits struct {
	Bytes   int64 // of all files together
	Entries int
	// Ratio is how many bytes one byte of the archive may become, once the
	// files are larger than Free bytes.
	Ratio int64
	Free  int64
}

// DefaultLimits returns 2 GiB, 100,000 entries and 200:1 behind the first MiB
// (a GiB of zeros is 1028:1 as gzip).
func DefaultLimits() Limits {
	return Limits{Bytes: 2 << 30, Entries: 100_000, Ratio: 200, Free: 1 << 20}
}

// meter counts against limits for an archive of packed bytes.
type meter struct {
	Limits
	packed, bytes int64
	entries       int
}

func (l Limits) meter(packed int64) *meter { return &meter{Limits: l, packed: packed} }

func (m *meter) entry() error {
	if m.entries++; m.entries > m.Entries {
		return fmt.Errorf("the archive has more than %d entries", m.Entries)
	}
	return nil
}

func (m *meter) grow(n int) error {
	m.bytes += int64(n)
	switch {
	case m.bytes > m.Bytes:
		return fmt.Errorf("the archive unpacks to more than %d bytes", m.Bytes)
	case m.bytes > m.Free && m.bytes > m.Ratio*m.packed:
		return fmt.Errorf("the archive unpacks to more than %d times its size", m.Ratio)
	}
	return nil
}
