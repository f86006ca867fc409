// Package command is the command line: one file a verb, the wiring of
// concrete providers, and the only place that prints errors and decides exit
// codes. It gathers configuration and observations, hands them to the planner
// and carries the plan to rollout; it decides nothing itself.
package command
