// Package view turns plans, findings and runs into what people and scripts
// read: one small type a command, each with a form for people and a JSON
// form. Views compute nothing about targets and decide nothing; what they are
// given is what they show. Text that comes from elsewhere (files, targets,
// other programs) is escaped on its way out.
//
// For people: every state has a sign and a word, colour only repeats them,
// and every screen ends with what to type next.
package view
