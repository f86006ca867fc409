// Package dag is an acyclic graph with a stable order: the same nodes and
// edges, added in the same order, always sort the same way. The planner orders
// steps with it, the views draw with it. It knows nothing of plans.
package dag
