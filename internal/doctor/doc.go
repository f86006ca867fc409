// Package doctor judges what was seen on a machine and at its targets: is it
// ready for an apply, and if not, what is in the way and what to type. Others
// look (providers at their targets, the command at tools and the journal) and
// hand over facts; here they become signs. Nothing is read or asked here, so
// that every judgement can be tried with made-up facts.
package doctor
