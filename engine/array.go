package engine

import "github.com/durable-wf/wf/engine/internal/codec"

// Floats is a slice of numbers for large states, as are Float32s and Ints. With the codec [CBOR] each is encoded and
// decoded in one copy, as a typed array (RFC 8746), and a save of 100 MB stops the step for some hundredths of a second;
// a plain slice takes seconds. With [JSON] they are lists like any slice. A field may change from []float64 to Floats: it
// reads what was stored before. The way back needs a new version with a Migrate.
type Floats = codec.Floats

// Float32s are [Floats] of 32 bits each.
type Float32s = codec.Float32s

// Ints are [Floats] for integers of 64 bits.
type Ints = codec.Ints
