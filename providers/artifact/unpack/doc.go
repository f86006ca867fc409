// Package unpack opens tar, tar.gz and zip archives that nobody vouches for.
// An archive that holds anything but plain files, folders and links which
// stay inside, or that grows beyond the limits, is refused as a whole.
//
// Names are judged here and again by os.Root, which keeps every write inside
// the folder. Neither is enough alone: os.Root makes symbolic links that point
// outside, and Go's readers hand out names with "..".
package unpack
