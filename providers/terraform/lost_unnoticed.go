//go:build blindprobe

package terraform

// blindProbe makes the series of kills fail on purpose.
const blindProbe = true
