//go:build !blindprobe

package terraform

const blindProbe = false
