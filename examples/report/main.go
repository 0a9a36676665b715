// Report is a service that writes a report every night: a schedule starts it, a child adds up each shop, and
// what is old is archived. See docs/example-report.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/durable-wf/wf/engine"
)

// options are what the flags say.
type options struct {
	db, sales, reports, zone string
	nightly, weekly          string // cron expressions
	keep                     time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.db, "db", "report.db", "the database file")
	flag.StringVar(&o.sales, "sales", "sales", "folder with SHOP/DAY.csv")
	flag.StringVar(&o.reports, "reports", "reports", "folder for DAY.txt")
	flag.StringVar(&o.zone, "zone", "Europe/Berlin", "time zone of the shops")
	flag.StringVar(&o.nightly, "nightly", "30 2 * * *", "when to write the report of the day before")
	flag.StringVar(&o.weekly, "weekly", "0 4 * * sun", "when to remove old runs")
	flag.DurationVar(&o.keep, "keep", 30*24*time.Hour, "how long to keep runs that have ended")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// serve executes what the schedules start, until ctx ends.
func serve(ctx context.Context, o options) error {
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return err
	}
	folders := Folders{Sales: o.sales, Reports: o.reports, Zone: zone}
	if err := os.MkdirAll(o.reports, 0o750); err != nil {
		return err
	}
	k := &keeper{}
	eng, err := engine.Open(ctx, engine.Config{Path: o.db, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))},
		folders.reportWorkflow(), folders.tallyWorkflow(), k.workflow())
	if err != nil {
		return err
	}
	defer eng.Close() //nolint:errcheck // what was acknowledged is durable
	k.engine = eng
	if err := schedule(ctx, eng, o); err != nil {
		return err
	}
	return eng.Serve(ctx)
}

// schedule adds the schedules. To add one again changes nothing; a changed one takes effect at once.
func schedule(ctx context.Context, eng *engine.Engine, o options) error {
	_, err := eng.AddSchedule(ctx, engine.Schedule{
		Name: "nightly", Workflow: string(Reports), Cron: o.nightly, Zone: o.zone,
		Overlap: engine.OverlapAllow, CatchUp: 7 * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	input, err := json.Marshal(Tidy{Keep: o.keep})
	if err != nil {
		return err
	}
	_, err = eng.AddSchedule(ctx, engine.Schedule{
		Name: "weekly", Workflow: string(Tidies), Input: input, Cron: o.weekly, Zone: o.zone,
	})
	return err
}
