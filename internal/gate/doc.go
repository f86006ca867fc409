// Package gate looks at the health of things and comes to a verdict: pass,
// fail, or inconclusive, with the samples as evidence. A check has a Sampler,
// which looks once, and an assertion over what was seen; thresholds turn
// samples into a verdict. It changes nothing and knows neither configuration
// nor run.
package gate
