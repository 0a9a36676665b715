// Command broken is an engine that cannot be opened.
package main

import (
	"context"
	"fmt"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/trial"
)

func main() {
	trial.Main([]subject.Subject{{
		Key: "broken", Open: func(_ context.Context, o subject.Options) (subject.System, error) {
			return nil, fmt.Errorf("there is no engine in %s", o.Dir)
		},
	}})
}
