// Order is a saga: an order that reserves goods, charges a card, waits for a person if it is large, and
// ships, and that takes everything back when it cannot go on. See docs/example-order.md.
package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/durable-wf/wf/cli"
)

// address is where the shop to try it with listens.
const address = "127.0.0.1:8765"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "shop" {
		server := &http.Server{Addr: address, Handler: &Books{}, ReadHeaderTimeout: time.Second}
		fmt.Println("the shop is open at", address)
		fmt.Println(server.ListenAndServe())
		os.Exit(1)
	}
	cli.Main(Workflow(Shop{URL: cmp.Or(os.Getenv("SHOP_URL"), "http://"+address)}))
}
