// Package trialprovider gives tests a Terraform provider of our own: it builds
// testdata/terraform-provider-trial once, lays it out as a mirror from which a
// real "terraform init" installs it, and looks at the folder that is its cloud.
//
// A test makes a cloud, writes its Provider text into a configuration, hands
// the mirror to Lockstep (or the file of CLIConfig to Terraform itself), and
// puts faults into the cloud at the moment at which it wants them.
package trialprovider
