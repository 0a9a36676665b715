package statefile

import (
	"errors"
	"io/fs"
	"slices"
)

// Origin says where what is on disk comes from, as far as it is known before a program starts.
type Origin struct {
	Fresh bool                // the program starts for the first time: what is there is its beginning
	Here  bool                // what was recorded last was written at this place, by this run
	Known func([32]byte) bool // whether the run has recorded this content before
	Aside string              // folder for what must make way
}

// Restored is what Restore has done, for people.
type Restored struct {
	Files   []File   // what the program starts with
	Put     []string // put back as recorded
	Taken   []string // taken from disk: newer than recorded, or there from the start
	Aside   []string // moved out of the way, since the program must not find it
	Ignored []string // left as it is, though it is not whole
}

// Restore makes the files such that a program goes on with the newest good version of each. Nobody may
// be writing them. On disk a whole file wins that is newer than what was recorded, at the same place
// and by the same run, unless it was recorded before: then the run has been sent back behind it.
// All else is put back as recorded, and what is torn and not recorded is set aside.
func (s *Set) Restore(recorded []File, from Origin) (Restored, error) {
	var done Restored
	for _, name := range s.all(recorded) {
		if err := s.restore(name, recorded, from, &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// all returns the names of what is recorded and of what is there.
func (s *Set) all(recorded []File) []string {
	names := s.Names()
	for _, f := range recorded {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *Set) restore(name string, recorded []File, from Origin, done *Restored) error {
	path := s.Path(name)
	old, known := find(recorded, name)
	disk, err := Read(path)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	disk.Name = name
	whole, _ := Check(disk.Data)
	switch {
	case !there && !known:
		return nil
	case there && known && old.Same(disk):
		done.Files = append(done.Files, old)
		return nil
	case there && from.Fresh && whole == Torn:
		done.Ignored = append(done.Ignored, name)
		return nil
	case there && (from.Fresh || from.wins(disk, whole, old)):
		done.Files, done.Taken = append(done.Files, disk), append(done.Taken, name)
		return nil
	}
	if there {
		if err := SetAside(path, from.Aside); err != nil {
			return err
		}
		if !known {
			done.Aside = append(done.Aside, name)
			return nil
		}
	}
	done.Files, done.Put = append(done.Files, old), append(done.Put, name)
	return old.Put(path)
}

// wins reports whether a file on disk is newer than what was recorded.
func (o Origin) wins(disk File, whole Wholeness, old File) bool {
	return o.Here && whole == Whole && !disk.Time.Before(old.Time) && !o.Known([32]byte(disk.SHA256))
}
