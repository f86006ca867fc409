// Package artifact brings built applications to this machine: the action
// "fetch" for the sources file and http. What it brings is kept in a store
// that is addressed by content, so that an artifact which was reviewed by
// digest is the one that is deployed, or none.
//
// The store is a cache. A file in it carries its digest as its name and is
// checked against it whenever it is used; removing it is always safe.
//
// The sub-packages carry artifacts on: directory and exec deploy them, unpack
// opens archives, process runs commands.
package artifact
