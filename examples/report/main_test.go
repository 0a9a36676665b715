package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

// sell writes a day's sales of some shops.
func sell(t *testing.T, folder, day string, shops map[string]string) {
	t.Helper()
	for shop, sales := range shops {
		dir := filepath.Join(folder, shop)
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, day+".csv"), []byte(sales), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A fortnight in virtual time: a report each night, with the shops of the day before, and old ones go to the archive.
func TestFortnight(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f := Folders{Sales: filepath.Join(dir, "sales"), Reports: dir, Zone: zone}
	sell(t, f.Sales, "2026-03-28", map[string]string{"north": "100\n250\n", "south": "999\n", "west": "seven\n"})
	sell(t, f.Sales, "2026-03-29", map[string]string{"north": "1\n"})
	k := &keeper{}
	eng := enginetest.Open(t, &enginetest.Options{
		Time: enginetest.ByHand, Now: time.Date(2026, 3, 28, 12, 0, 0, 0, zone),
	}, f.reportWorkflow(), f.tallyWorkflow(), k.workflow())
	k.engine = eng.Engine
	o := options{zone: "Europe/Berlin", nightly: "30 3 * * *", weekly: "0 5 * * sun", keep: 5 * 24 * time.Hour}
	if err := schedule(t.Context(), eng.Engine, o); err != nil {
		t.Fatal(err)
	}
	eng.Advance(14 * 24 * time.Hour) // the clocks change on the first night
	for day, want := range map[string]string{
		"2026-03-28": "south           1 sales     9.99\nnorth           2 sales     3.50\n(1 shops could not be added up)\n",
		"2026-03-29": "north           1 sales     0.01\n",
		"2026-04-10": "",
	} {
		got, err := os.ReadFile(filepath.Join(dir, day+".txt"))
		if err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("%s: %v, report\n%swant\n%s", day, err, got, want)
		}
	}
	if archives, err := eng.Archives(); err != nil || len(archives) == 0 {
		t.Errorf("archives %v, %v; want old reports there", archives, err)
	}
	runs, err := eng.List(t.Context(), engine.RunFilter{Workflows: []string{string(Reports)}})
	if err != nil || len(runs) != 11 { // of 14; those of 29, 30 and 31 March were five days old on 5 April
		t.Errorf("%d reports are left in the database, %v; want 11", len(runs), err)
	}
}

// A service that was down for some nights makes up for each of them, a week at most.
func TestNightsWithoutService(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := Folders{Sales: filepath.Join(dir, "sales"), Reports: dir, Zone: time.UTC}
	sell(t, f.Sales, "2026-04-01", map[string]string{"north": "100\n"})
	o := options{zone: "UTC", nightly: "30 2 * * *", weekly: "0 5 * * sun", keep: time.Hour}
	begin := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	for _, now := range []time.Time{begin, begin.AddDate(0, 0, 10)} {
		t.Run(now.Format(time.DateOnly), func(t *testing.T) { // the engine is closed at its end
			eng := enginetest.Open(t, &enginetest.Options{
				Config: engine.Config{Path: filepath.Join(dir, "report.db")}, Time: enginetest.ByHand, Now: now,
			}, f.reportWorkflow(), f.tallyWorkflow(), (&keeper{}).workflow())
			if err := schedule(t.Context(), eng.Engine, o); err != nil {
				t.Fatal(err)
			}
			eng.Advance(time.Minute)
		})
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, path := range paths {
		days = append(days, strings.TrimSuffix(filepath.Base(path), ".txt"))
	}
	want := "2026-04-04 2026-04-05 2026-04-06 2026-04-07 2026-04-08 2026-04-09 2026-04-10"
	if got := strings.Join(days, " "); got != want {
		t.Errorf("reports of %s, want %s", got, want)
	}
}

// The program itself, killed in the middle, makes up for what it has missed when it is there again.
func TestServiceIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "report")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	now := time.Now().UTC()
	for _, day := range []time.Time{now.AddDate(0, 0, -1), now} { // the day may end meanwhile
		sell(t, filepath.Join(dir, "sales"), day.Format(time.DateOnly), map[string]string{"north": "100\n", "south": "300\n"})
	}
	for i, end := range []os.Signal{os.Kill, syscall.SIGTERM} {
		cmd := exec.CommandContext(t.Context(), program, "--zone", "UTC", "--nightly", "* * * * * *")
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		text, path := waitForReport(t, filepath.Join(dir, "reports"))
		if want := fmt.Sprintf("%-12s %4d sales %8.2f\n%-12s %4d sales %8.2f\n", "south", 1, 3.0, "north", 1, 1.0); text != want {
			t.Errorf("life %d: report\n%swant\n%s", i+1, text, want)
		}
		if err := cmd.Process.Signal(end); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); end != os.Kill && err != nil {
			t.Errorf("an orderly stop: %v", err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// waitForReport returns a report of a folder as soon as there is one.
func waitForReport(t *testing.T, folder string) (text, path string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		paths, err := filepath.Glob(filepath.Join(folder, "*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) > 0 {
			text, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			return string(text), paths[0]
		}
	}
	t.Fatal("no report")
	return "", ""
}
