// Package process runs the commands of a deployment: by arguments, never
// through a shell, in a process group of their own, with output to files.
//
// Files instead of pipes, because a command may start a daemon that outlives
// it: waiting for a pipe would wait for the daemon. A group, because
// cancelling must reach what the command started. What a command leaves in
// the background when it ends by itself is left alone.
package process
