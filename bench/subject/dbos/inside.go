package dbos

import (
	"context"
	"fmt"
	"reflect"
	"unsafe"

	transact "github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/durable-wf/wf/bench/subject"
)

// inside asks a connection of the pool that DBOS has opened for itself. DBOS shows it to nobody, and a connection of ours
// would tell of our settings, so this looks inside.
type inside struct{ pool reflect.Value }

func lookInside(root transact.Context) (in inside, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("DBOS looks different inside: %v", r)
		}
	}()
	field := reflect.ValueOf(root).Elem().FieldByName("systemDB")
	sysdb := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem() // as if it were exported
	return inside{sysdb.Elem().MethodByName("Pool").Call(nil)[0].Elem()}, nil
}

// QueryRow is that of the pool.
func (in inside) QueryRow(ctx context.Context, query string) subject.Row {
	args := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(query)}
	return in.pool.MethodByName("QueryRow").Call(args)[0].Interface().(subject.Row)
}
