// Verifies every delivery of a folder: NN.body with NN.headers. usage: verify SECRET FOLDER
package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Args[1])
	check(err)
	bodies, err := filepath.Glob(filepath.Join(os.Args[2], "*.body"))
	check(err)
	for _, name := range bodies {
		body, err := os.ReadFile(name)
		check(err)
		lines, err := os.ReadFile(strings.TrimSuffix(name, ".body") + ".headers")
		check(err)
		headers := http.Header{}
		for _, line := range strings.Split(strings.TrimSpace(string(lines)), "\n") {
			name, value, _ := strings.Cut(line, ": ")
			headers.Set(name, value)
		}
		check(webhook.Verify(body, headers))
		if webhook.Verify(append(body, ' '), headers) == nil {
			check(fmt.Errorf("a changed body was accepted"))
		}
	}
	fmt.Println(len(bodies))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
