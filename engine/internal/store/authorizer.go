package store

import (
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ours is the prefix of all tables, indexes and triggers that belong to this package.
const ours = "wf_"

// authorize installs the authorizer on the write connection. It is installed once, since installing
// it makes SQLite plan all prepared statements again; w.user switches it.
func (w *writer) authorize() error {
	return w.driver.RegisterAuthorizer(
		func(action sqlite.AuthorizerActionCode, arg1, arg2, _, _ string) sqlite.AuthorizerReturnCode {
			if w.user.Load() && !userMay(action, arg1, arg2) {
				return sqlite.AuthorizerDeny
			}
			return sqlite.AuthorizerOK
		})
}

// userMay reports whether user SQL may do what the authorizer is asked about. It may read
// everything, and write to everything that is not ours.
func userMay(action sqlite.AuthorizerActionCode, arg1, arg2 string) bool {
	switch action {
	case sqlite.AuthFunction: // ALTER TABLE … RENAME TO calls it, and nobody tells us the new name
		return !strings.EqualFold(arg2, "sqlite_rename_table")
	case sqlite.AuthRead, sqlite.AuthSelect, sqlite.AuthRecursive:
		return true
	case sqlite.AuthTransaction, sqlite.AuthSavepoint, sqlite.AuthAttach, sqlite.AuthDetach:
		return false
	case sqlite.AuthPragma: // only to see how durable a commit is
		return arg2 == "" && (strings.EqualFold(arg1, "journal_mode") || strings.EqualFold(arg1, "synchronous"))
	case sqlite.AuthInsert, sqlite.AuthUpdate, sqlite.AuthDelete:
		return !isOurTable(arg1) && !strings.EqualFold(arg1, "sqlite_sequence") // which gives our numbers
	default: // CREATE, DROP, ALTER and their like: the names are in either argument
		return !isOurTable(arg1) && !isOurTable(arg2) && !hides(arg1)
	}
}

// hides reports whether a table of this name would stand before a function that our statements select from.
func hides(name string) bool {
	name = strings.ToLower(name)
	return name == "json_each" || strings.HasPrefix(name, "pragma_")
}

func isOurTable(name string) bool {
	return len(name) >= len(ours) && strings.EqualFold(name[:len(ours)], ours)
}

// denied gives the authorizer's refusal its name.
func denied(err error) error {
	if isCode(err, sqlite3.SQLITE_AUTH) || err != nil && strings.Contains(err.Error(), "not authorized to use function") {
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return err
}
