// Package seal keeps files that may hold secrets readable by those alone who
// are named as recipients, in age's format (https://age-encryption.org/v1):
// age1... keys, and the ssh-ed25519 and ssh-rsa keys that people have anyway.
// What is sealed here can be opened with the age program as well.
//
// Sealing hides and detects damage; it does not say who wrote a file. Whoever
// must be sure of a content compares its digest, as plan files do.
package seal
