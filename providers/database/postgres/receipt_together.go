//go:build !splitreceipt

package postgres

const splitReceipt = false
