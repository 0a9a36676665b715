package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCheckDamagedFile flips bits all over a file. Whatever cannot be read is a finding: if the file
// opens, the check goes on to its end. A backup that fails of it leaves nothing behind.
func TestCheckDamagedFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	furnish(f)
	for range 30 {
		f.advance(f.save(f.start("order", ""), `{"n":2}`), 10)
	}
	sound := filepath.Join(t.TempDir(), "sound.db")
	if err := f.Backup(t.Context(), sound); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	const page, schema = 4096, 8 * 4096 // without its schema there is nothing to open
	unread, failed := 0, 0
	for round := range 60 {
		rnd := rand.New(rand.NewPCG(1, uint64(round)))
		bad := append([]byte(nil), data...)
		for range 40 {
			bad[schema+rnd.IntN(len(bad)-schema)] ^= 1 << rnd.IntN(8)
		}
		if round%2 == 0 {
			copy(bad[schema+page*rnd.IntN((len(bad)-schema)/page):], "not a page")
		}
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", round))
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		count := 0
		note := func(f Finding) {
			count++
			if strings.HasPrefix(f.Text, "cannot be read: ") {
				unread++
			}
		}
		if err := s.Check(ctx, note); err != nil {
			t.Errorf("round %d: check: %v", round, err)
		}
		if err := s.Verify(ctx, 0, note); err != nil {
			t.Errorf("round %d: verify: %v", round, err)
		}
		folder := t.TempDir()
		dst := filepath.Join(folder, "copy.db")
		err = s.Backup(ctx, dst)
		if err == nil {
			err = os.Remove(dst)
		} else {
			failed++
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("round %d: backup %v left %v", round, err, left)
		}
		if count == 0 {
			t.Errorf("round %d: nothing found", round)
		}
		cancel()
		if err := s.Close(); err != nil {
			t.Errorf("round %d: close: %v", round, err)
		}
	}
	if unread == 0 || failed == 0 {
		t.Errorf("%d parts could not be read, %d backups failed: the test tests nothing", unread, failed)
	}
}
