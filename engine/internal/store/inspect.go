package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// inspector is the driver of connections that look at the database from the outside: their SQL may
// do nothing but select, and it may call wf_json and wf_crc32c. It is a driver of its own so that
// the functions and the authorizer do not reach other connections of the program.
var inspector = sync.OnceValues(newInspector)

func newInspector() (*sqlite.Driver, error) {
	d := &sqlite.Driver{}
	d.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
		guarded, ok := conn.(sqlite.AuthorizerRegisterer)
		if !ok {
			return errors.New("the SQLite driver has no authorizer")
		}
		return guarded.RegisterAuthorizer(selectOnly)
	})
	return d, errors.Join(
		d.RegisterDeterministicScalarFunction("wf_json", 2, payloadJSON),
		d.RegisterDeterministicScalarFunction("wf_crc32c", 1, payloadChecksum))
}

// inspect opens a connection of the inspector. The caller closes it.
func (s *Store) inspect() (*sqlx.DB, error) {
	d, err := inspector()
	if err != nil {
		return nil, err
	}
	db := sqlx.NewDb(sql.OpenDB(inspectConnector{d, dsn(s.path, "mode=ro", "query_only(1)")}), "sqlite")
	db.SetMaxOpenConns(1)
	return db, nil
}

// inspectConnector opens connections of a driver that is not registered under a name.
type inspectConnector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c inspectConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

func (c inspectConnector) Driver() driver.Driver { return c.driver }

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

// payloadJSON is wf_json(payload, codec): the payload as JSON text, whatever its codec. NULL is NULL.
func payloadJSON(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if args[0] == nil || args[1] == nil {
		return nil, nil
	}
	data, err := payloadBytes(args[0])
	if err != nil {
		return nil, fmt.Errorf("wf_json: %w", err)
	}
	name, ok := args[1].(string)
	if !ok {
		return nil, errors.New("wf_json: the codec must be text")
	}
	text, err := codec.Payload{Codec: name, Data: data}.JSON()
	if err != nil {
		return nil, fmt.Errorf("wf_json: %w", err)
	}
	return string(text), nil
}

// payloadChecksum is wf_crc32c(payload): the checksum it must have been stored with. That of NULL is 0.
func payloadChecksum(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if args[0] == nil {
		return int64(0), nil
	}
	data, err := payloadBytes(args[0])
	if err != nil {
		return nil, fmt.Errorf("wf_crc32c: %w", err)
	}
	return int64(codec.Payload{Data: data}.Checksum()), nil
}

func payloadBytes(v driver.Value) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	default:
		return nil, fmt.Errorf("a payload is text or a blob, not %T", v)
	}
}
