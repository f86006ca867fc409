// Package redact keeps secrets and hostile text away from people's screens,
// logs, errors and the journal. DSN and Text mask passwords by form, Values
// masks known secrets wherever they turn up, and Escape makes text from
// elsewhere (file names, SQL, a target's answers) safe to print.
//
// When a text cannot be read, it is hidden as a whole: a malformed connection
// string is the likeliest one to hold a password in an unexpected place.
package redact
