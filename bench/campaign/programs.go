package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/durable-wf/wf/bench/trial"
)

// programs are the engines' programs, built, by subject.
type programs struct {
	paths map[string]string
	list  []trial.Description
}

// order is that of the report; what is not in it comes last.
func order() []string { return []string{"raw", "wf", "dbos", "river", "goworkflows", "temporal"} }

// apart is an engine whose program is a module of its own, in the folder of that name. It takes minutes to build.
const apart = "temporal"

// build builds the programs of engines, which are Go packages in this folder, into dir and asks each for its subjects.
func build(ctx context.Context, dir string, withApart bool, packages ...string) (*programs, error) {
	if err := compile(ctx, dir, ".", packages...); err != nil {
		return nil, err
	}
	if withApart {
		if err := compile(ctx, dir, apart, "."); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := order()
	for _, e := range entries {
		names = append(names, e.Name())
	}
	p := &programs{paths: map[string]string{}}
	done := map[string]bool{}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil || done[name] {
			continue
		}
		done[name] = true
		if err := p.add(ctx, path); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// compile runs go build in a folder, without -trimpath, so that what tests have compiled is not compiled again.
func compile(ctx context.Context, dir, folder string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", dir + string(filepath.Separator)}, args...)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s, to be run in the folder bench: %w\n%s", folder, err, out)
	}
	return nil
}

func (p *programs) add(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, path, "subjects").Output()
	if err != nil {
		return fmt.Errorf("%s subjects: %w", filepath.Base(path), err)
	}
	var list []trial.Description
	if err := json.Unmarshal(out, &list); err != nil {
		return fmt.Errorf("%s subjects: %w", filepath.Base(path), err)
	}
	for _, d := range list {
		if p.paths[d.Key] != "" {
			return fmt.Errorf("two subjects are called %q", d.Key)
		}
		p.paths[d.Key] = path
		p.list = append(p.list, d)
	}
	return nil
}
