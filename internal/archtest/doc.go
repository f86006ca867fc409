// Package archtest keeps the architecture true: the three laws, the imports a
// package may have, the layout and the house numbers, each with its reason.
//
// It reads the sources in-process with go/parser. A test that runs "go list"
// instead is answered from the test cache after a violation was added; files
// that are opened by the test itself are part of the cache's key.
package archtest
