// Package rollout carries out a plan: phase by phase, side by side as far as
// the plan allows, with every intent in the journal before its effect and
// every outcome after it. It stops at the first failure, rolls back by the
// plan's policy, and goes on after a crash by asking the targets.
//
// It knows the plan, the provider contract and the journal. It does not know
// the configuration (Resolver answers for it), the screen (Observer) or any
// concrete provider.
package rollout
