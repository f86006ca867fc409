// Package directory deploys an artifact into a folder of this machine:
//
//	PATH/releases/HEX                  the release, named by its digest
//	PATH/releases/HEX.manifest.json    what was placed there, file by file
//	PATH/releases/HEX.partial          a release that is being placed
//	PATH/releases/HEX.log              what the restart command said last
//	PATH/releases/.changing            a change that is not finished
//	PATH/releases/.lock                one deployment at a time
//	PATH/current                       link to the release that runs
//	PATH/previous                      link to the one before
//
// A release appears by one rename(2) and starts to run by another one, of the
// link: at no moment is there half of one. The restart is a second effect and
// cannot be in the same atom; .changing is written before a link moves and
// removed when the command has succeeded, so that a probe knows what is owed.
// restart_command and stop_command must therefore bear to be run twice.
//
// Commands run by their arguments, without a shell, in the project's folder,
// so that "./scripts/restart" means the project's script. They see
// LOCKSTEP_RELEASE_DIR (the absolute folder of the release), LOCKSTEP_ARTIFACT_DIGEST
// and LOCKSTEP_ENVIRONMENT, besides environment_variables. A daemon that a
// command leaves in the background outlives it.
//
// Releases that no link points to are inert: rolling back leaves them, and the
// oldest ones go when there are more than "keep".
package directory
