package main

import (
	"io"
	"os"
)

// Exits 0 for a webhook that is Postback's, 1 for one that isn't: secret, id, timestamp, signature; body from stdin.
func main() {
	body, err := io.ReadAll(os.Stdin)
	if err != nil || len(os.Args) != 5 {
		os.Exit(2)
	}
	headers := map[string]string{}
	for i, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		headers[name] = os.Args[2+i]
	}
	if !Verify(os.Args[1], func(name string) string { return headers[name] }, body) {
		os.Exit(1)
	}
}
