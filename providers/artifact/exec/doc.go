// Package exec deploys an artifact by the user's own commands, where no other
// provider knows the target:
//
//	command           deploys; it returns when that is done
//	check_command     exit 0: the wanted digest runs; exit 1: it does not;
//	                  anything else: unknown. It only looks. When it prints a
//	                  digest (sha256:HEX), that is what runs now.
//	rollback_command  takes the deployment back
//
// Commands run by their arguments, without a shell, in working_dir, and see
// LOCKSTEP_ARTIFACT_DIGEST, LOCKSTEP_ARTIFACT_PATH, LOCKSTEP_PREVIOUS_DIGEST
// and LOCKSTEP_ENVIRONMENT besides environment_variables. What they leave in
// the background outlives them.
//
// A command is no atom. Without check_command nobody can say what one that was
// interrupted has done: Probe then answers unknown, and a person decides.
// command and rollback_command must bear to be run again after they were
// interrupted.
package exec
