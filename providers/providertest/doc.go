// Package providertest is the conformance suite of the provider contract: one
// Case a provider, run against a real target. A provider that passes can be
// carried out, killed, resumed and rolled back by the rollout package without
// a word of special treatment.
//
//	providertest.Run(t, providertest.Case{
//		New:    func(t *testing.T) providers.Provider { return directory.New(...) },
//		Target: func(t *testing.T) providertest.Fixture { ... },
//	})
//
// The suite judges by Fixture.Signature, which reads the target behind the
// provider's back: what a provider says about itself proves nothing.
package providertest
