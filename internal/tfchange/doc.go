// Package tfchange says what a Terraform plan does to whom: it reads the JSON
// that "terraform show" (or tofu) makes of a saved plan and turns it into the
// plan model's words.
//
// It is the only reader of that JSON and decides from it alone, without a file
// or a program. What an attribute's change takes away (weakens.tsv) and which
// objects hold something (stateful.tsv) are tables: a row more needs no code.
// Values never leave the package: names, digests and reasons do.
package tfchange
