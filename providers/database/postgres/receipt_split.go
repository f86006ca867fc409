//go:build splitreceipt

package postgres

// splitReceipt makes the crash matrix fail on purpose.
const splitReceipt = true
