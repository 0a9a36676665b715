package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

// onFlag is the name of the flag that gives a run a hook.
const onFlag = "on"

// addHookFlags gives a command that starts runs the flags of their hooks.
func addHookFlags(flags *pflag.FlagSet, o *engine.StartOptions) {
	flags.Var((*hooksFlag)(&o.Hooks), onFlag, "EVENT COMMAND: run a shell command on done, fail or stall, with JSON on stdin (may be repeated)")
	flags.DurationVar(&o.StallAfter, "stall-after", 0, "how long without progress and saves is a stall (default 10m)")
}

// addHookTimeout gives a command that executes runs the flag that limits their hooks.
func (a *app) addHookTimeout(flags *pflag.FlagSet) {
	flags.DurationVar(&a.hookTimeout, "hook-timeout", 0, "kill the command of a hook after this time (default 30s)")
}

// hooksFlag are hooks as the command line gives them: EVENT=COMMAND each.
type hooksFlag []engine.Hook

// String, Set and Type make hooksFlag a flag.
func (h *hooksFlag) String() string { return "" }

// Set takes one more hook.
func (h *hooksFlag) Set(text string) error {
	event, command, ok := strings.Cut(text, "=")
	on, err := engine.ParseHookOn(event)
	switch {
	case err != nil:
		return err
	case !ok || strings.TrimSpace(command) == "":
		return fmt.Errorf("a command must follow %s", event)
	}
	*h = append(*h, engine.Hook{On: on, Do: command})
	return nil
}

// Type names the flag's values in the help.
func (h *hooksFlag) Type() string { return "hook" }

// joinHooks makes --on=EVENT=COMMAND of --on EVENT COMMAND, up to a "--".
func joinHooks(args []string) []string {
	var joined []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(joined, args[i:]...)
		}
		if (args[i] == "--"+onFlag || args[i] == "--"+doublePrefix+onFlag) && i+2 < len(args) {
			if _, err := engine.ParseHookOn(args[i+1]); err == nil {
				joined = append(joined, args[i]+"="+args[i+1]+"="+args[i+2])
				i += 2
				continue
			}
		}
		joined = append(joined, args[i])
	}
	return joined
}

// hookInput is what the command of a hook gets on stdin. Fields are only ever added.
type hookInput struct {
	Event    engine.HookOn   `json:"event"`
	Database string          `json:"database"`
	Run      json.RawMessage `json:"run"` // as show -o json has it; the state is null if it is large
	Result   json.RawMessage `json:"result"`
	Error    *string         `json:"error"`
	StillUS  int64           `json:"still_us,omitempty"` // on a stall: the time without a sign of life
}

// mostHookState is how large a state may be, in bytes of JSON, to be told to a hook: what it is sent on to takes no more.
const mostHookState = 1 << 20

// fireHook runs the command of a hook: it is Config.Hook.
func (a *app) fireHook(ctx context.Context, eng *engine.Engine, ev engine.HookEvent) error {
	input, err := a.hookInput(ctx, eng, ev)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "sh", "-c", ev.Hook.Do)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &said, &said
	cmd.Env = append(os.Environ(), "WF_DB="+eng.Path(), "WF_RUN="+strconv.FormatInt(ev.Run.ID, 10), "WF_EVENT="+string(ev.Hook.On))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it has started ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if errors.Is(err, syscall.EPIPE) { // it has not read its input
		err = nil
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("killed: it took too long%s", colon(lastSaid(said.String())))
	}
	return fmt.Errorf("%w%s", err, colon(lastSaid(said.String())))
}

func (a *app) hookInput(ctx context.Context, eng *engine.Engine, ev engine.HookEvent) ([]byte, error) {
	shown, err := a.readShown(ctx, eng, ev.Run)
	if err != nil {
		return nil, err
	}
	if len(shown.State) > mostHookState {
		shown.State = nil
	}
	run, err := encodeRow(machineColumns(), shown)
	if err != nil {
		return nil, err
	}
	in := hookInput{Event: ev.Hook.On, Database: eng.Path(), Run: run, Result: ev.Run.Result, StillUS: ev.Still.Microseconds()}
	if text := cmp.Or(ev.Run.Error, ev.Run.Reason); text != "" && ev.Hook.On == engine.HookFail {
		in.Error = &text
	}
	doc, err := json.Marshal(in)
	return append(doc, '\n'), err
}

// lastSaid is the last line of what a command has said.
func lastSaid(text string) string {
	text = strings.TrimSpace(text)
	return shorten(text[strings.LastIndexByte(text, '\n')+1:], noteWidth)
}
