// Package other carries out migrations through golang-migrate's own drivers,
// for databases of which Lockstep knows nothing but that contract: a lock, a
// version that can be read and set, and text that can be run.
//
// So it promises little, and the plan says so before anything runs. The target
// keeps a version number alone: no history, no digests, no way back for
// somebody who has no files. A file is handed over as a whole, and not in one
// transaction with its version; a file that fails or is cut short leaves its
// version marked dirty, as golang-migrate does, and a person decides.
package other
