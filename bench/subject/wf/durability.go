package wf

import (
	"context"

	"github.com/durable-wf/wf/engine"
)

// Durability reads the pragmas in a transaction of the engine's own connection.
func (s *system) Durability(ctx context.Context) (text string, err error) {
	err = s.eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error {
		return tx.GetContext(ctx, &text, `SELECT upper(j.journal_mode) || ', synchronous='
  || CASE s.synchronous WHEN 0 THEN 'OFF' WHEN 1 THEN 'NORMAL' WHEN 2 THEN 'FULL' ELSE s.synchronous END
FROM pragma_journal_mode AS j, pragma_synchronous AS s`)
	})
	return text, err
}
