// Package migrations holds the schema of a wf database as goose migrations.
//
// Each file is numbered, has an Up and a Down part, and never changes once released:
// a mistake is repaired by the next number.
package migrations

import "embed"

// FS holds the migration files, for goose.NewProvider.
//
//go:embed *.sql
var FS embed.FS
