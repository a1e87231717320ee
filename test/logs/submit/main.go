// Command submit makes certificates of every shape, submits them to a log, and keeps the truth of what it submitted, for tests
// that compare it with what a reader found. It shares no code with the reader. See ../README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	flags := flag.NewFlagSet("submit "+os.Args[1], flag.ExitOnError)
	pki := flags.String("pki", "pki", "folder of the authorities")
	url := flags.String("url", "", "submission prefix of the log; ct/v1/… is below it")
	truth := flags.String("truth", "truth.jsonl", "file of what was submitted")
	from := flags.Int("from", 0, "number of the first certificate: never use one twice")
	count := flags.Int("count", 100, "how many; a third of the numbers gives two entries")
	workers := flags.Int("workers", 128, "submissions in flight")
	onlyPlain := flags.Bool("plain", false, "cheap ones only, for a log that has to be large")
	check(flags.Parse(os.Args[2:]))

	switch os.Args[1] {
	case "init":
		initAuthorities(*pki)
	case "add":
		// Sunlight closes a connection that is idle for 5 s.
		transport := &http.Transport{MaxIdleConnsPerHost: *workers, IdleConnTimeout: 2 * time.Second}
		s := &submitter{
			url:         *url,
			authorities: loadAuthorities(*pki),
			keys:        leafKeys(),
			truth:       openTruth(*truth),
			client:      &http.Client{Transport: transport, Timeout: 60 * time.Second},
		}
		print(s.run(*from, *count, *workers, *onlyPlain))
	case "resolve":
		resolve(*url, *truth)
	case "roots":
		sizes := make([]uint64, flags.NArg())
		for i, size := range flags.Args() {
			sizes[i] = must(strconv.ParseUint(size, 10, 64))
		}
		print(roots(*truth, sizes))
	default:
		usage()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: submit init|add|resolve|roots [flags] [tree sizes]")
	os.Exit(2)
}

func print(value any) { check(json.NewEncoder(os.Stdout).Encode(value)) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "submit:", err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
