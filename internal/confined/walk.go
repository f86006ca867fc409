package confined

import (
	"io/fs"
	"path"
)

// Walk visits the names of the whole tree, hidden ones too, in order and
// without reading a file. Folders that are hidden are visited and not entered,
// links are not followed. It returns false when a limit left something out.
func (f *Folder) Walk(visit func(name string, entry fs.DirEntry)) bool {
	w := walk{folder: f, visit: visit, left: f.limits.Entries, whole: true}
	w.enter(".", 0)
	return w.whole
}

type walk struct {
	folder *Folder
	visit  func(name string, entry fs.DirEntry)
	left   int // entries that may still be visited
	whole  bool
}

func (w *walk) enter(folder string, depth int) {
	if depth > w.folder.limits.Depth {
		w.whole = false
		return
	}
	entries, err := w.folder.list(folder, w.left)
	if err != nil {
		w.whole = false // too many, or nobody may list it
		return
	}
	w.left -= len(entries)
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		w.visit(name, e)
		if e.IsDir() && !hidden(e.Name()) {
			w.enter(name, depth+1)
		}
	}
}
