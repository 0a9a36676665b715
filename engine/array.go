package engine

import "github.com/durable-wf/wf/engine/internal/codec"

// Floats, Float32s and Ints are slices of numbers for large states. With the codec [CBOR] each is encoded and
// decoded in one copy, as a typed array (RFC 8746), and a save of 100 MB stops the step for some hundredths of a second;
// a plain slice takes seconds. With [JSON] they are lists like any slice. A field may change from []float64 to Floats: it
// reads what was stored before. The way back needs a new version with a Migrate.
type (
	Floats   = codec.Floats
	Float32s = codec.Float32s
	Ints     = codec.Ints
)
