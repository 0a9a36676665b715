package subject

import (
	"database/sql"
	"fmt"
	"reflect"
	"unsafe"
)

// Inside returns the pool that an engine keeps in a field "db" and does not hand out, so that its durability can be
// read from the connection that the engine itself uses. The field is a *sql.DB or embeds one.
func Inside(engine any) (*sql.DB, error) {
	v := reflect.Indirect(reflect.ValueOf(engine))
	if v.Kind() != reflect.Struct || !v.CanAddr() {
		return nil, fmt.Errorf("%T is no pointer to a struct", engine)
	}
	field := v.FieldByName("db")
	if !field.IsValid() {
		return nil, fmt.Errorf("%T has no field db", engine)
	}
	held := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Interface()
	if db, ok := held.(*sql.DB); ok {
		return db, nil
	}
	wrapped := reflect.Indirect(reflect.ValueOf(held))
	if wrapped.Kind() == reflect.Struct {
		if db, ok := wrapped.FieldByName("DB").Interface().(*sql.DB); ok {
			return db, nil
		}
	}
	return nil, fmt.Errorf("the field db of %T is a %T", engine, held)
}
