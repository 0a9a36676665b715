package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// newInspector returns the driver of connections that look at the database from the outside: their SQL
// may do nothing but select, and it may call wf_json and wf_fault. It is a driver of its own so that
// the functions and the authorizer do not reach other connections of the program, and one per database
// so that the functions know where its large payloads are.
func newInspector(files payloadFiles) (*sqlite.Driver, error) {
	d := &sqlite.Driver{}
	d.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
		guarded, ok := conn.(sqlite.AuthorizerRegisterer)
		if !ok {
			return errors.New("the SQLite driver has no authorizer")
		}
		return guarded.RegisterAuthorizer(selectOnly)
	})
	return d, errors.Join(
		d.RegisterDeterministicScalarFunction("wf_json", 2, files.payloadJSON),
		d.RegisterDeterministicScalarFunction("wf_fault", 3, files.payloadFault))
}

// inspect opens a connection of the inspector. The caller closes it.
func (s *Store) inspect() (*sqlx.DB, error) {
	d, err := s.inspector()
	if err != nil {
		return nil, err
	}
	db := sqlx.NewDb(sql.OpenDB(connector{d, dsn(s.path, "mode=ro", "query_only(1)")}), "sqlite")
	db.SetMaxOpenConns(1)
	return db, nil
}

// selectOnly is asked while a statement is compiled. What is not named here (writes, transactions,
// ATTACH, PRAGMA and the functions that stand for pragmas) is refused.
func selectOnly(action sqlite.AuthorizerActionCode, _, _, _, _ string) sqlite.AuthorizerReturnCode {
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthFunction, sqlite.AuthRecursive:
		return sqlite.AuthorizerOK
	default:
		return sqlite.AuthorizerDeny
	}
}

// payloadJSON is wf_json(payload, codec): the payload as JSON text, whatever its codec and wherever it
// is. NULL is NULL.
func (f payloadFiles) payloadJSON(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if args[0] == nil || args[1] == nil {
		return nil, nil
	}
	p, err := payloadOf(args[0], args[1])
	if err == nil {
		err = f.load(&p)
	}
	if err != nil {
		return nil, fmt.Errorf("wf_json: %w", err)
	}
	text, err := codec.Payload(p).JSON()
	if err != nil {
		return nil, fmt.Errorf("wf_json: %w", err)
	}
	return string(text), nil
}

// payloadFault is wf_fault(payload, codec, checksum): what is wrong with a payload, in words that follow
// its name; NULL if nothing is. A NULL payload has checksum 0, and a NULL checksum is not compared.
func (f payloadFiles) payloadFault(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	p, err := payloadOf(args[0], args[1])
	if err != nil {
		return nil, fmt.Errorf("wf_fault: %w", err)
	}
	if err := f.load(&p); err != nil {
		return "cannot be read: " + err.Error(), nil
	}
	if want, ok := args[2].(int64); ok && int64(codec.Payload(p).Checksum()) != want {
		return "does not match its checksum", nil
	}
	return nil, nil
}

// payloadOf returns the payload that stands in two columns.
func payloadOf(value, name driver.Value) (p Payload, err error) {
	if p.Data, err = payloadBytes(value); err != nil || name == nil {
		return p, err
	}
	ok := false
	if p.Codec, ok = name.(string); !ok {
		return p, errors.New("the codec must be text")
	}
	return p, nil
}

func payloadBytes(v driver.Value) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	default:
		return nil, fmt.Errorf("a payload is text or a blob, not %T", v)
	}
}
