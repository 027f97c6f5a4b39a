// Package main is a tap of two made-up streams that does everything right, unless it is told one thing to do wrong:
// toytap FAULT [FLAGS]. Each fault is one that a check of the suite must find.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

const rows, stateEvery = 4000, 500

type object = map[string]any

func main() {
	t := &tap{fault: os.Args[1], out: bufio.NewWriter(os.Stdout)}
	if err := t.run(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "CRITICAL", err)
		if t.fault == "traceback" {
			fmt.Fprintln(os.Stderr, "Traceback (most recent call last)\n  File …")
		}
		os.Exit(max(t.code, 1))
	}
	os.Exit(t.code)
}

type tap struct {
	fault   string
	out     *bufio.Writer
	code    int
	signals chan os.Signal
	err     error
}

func (t *tap) run(args []string) error {
	flags := flag.NewFlagSet("toytap", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	config, catalog, state := flags.String("config", "", ""), flags.String("catalog", "", ""), flags.String("state", "", "")
	discover, about, version, help := flags.Bool("discover", false, ""), flags.Bool("about", false, ""), flags.Bool("version", false, ""), flags.Bool("help", false, "")
	flags.String("format", "", "")
	properties := flags.String("properties", "", "")
	err := flags.Parse(args)
	if t.fault == "older" { // a tap of the first days, which is no fault
		if *about || *catalog != "" {
			return nil
		}
		catalog = properties
	}
	switch {
	case *version || *about || *help:
		switch {
		case t.fault == "mute":
		case *about:
			fmt.Println(`{"name":"toytap","capabilities":["catalog","discover","state"],"settings":{"properties":{"api_token":{"secret":true},"no":{}}}}`)
		default:
			fmt.Println("toytap 1.0")
		}
		return nil
	case err != nil && t.fault != "any-flag":
		return err
	}
	settings := object{}
	if err := load(*config, &settings); err != nil && t.fault != "no-config" {
		return err
	}
	if t.fault == "leaks" {
		fmt.Fprintln(os.Stderr, "INFO token", settings["api_token"])
	}
	if _, known := settings["no_such_setting"]; known && t.fault != "any-key" {
		return fmt.Errorf("unknown setting")
	}
	if *discover {
		if t.fault == "discovers-without-state" && *state != "" {
			return fmt.Errorf("--state is not for --discover")
		}
		return json.NewEncoder(os.Stdout).Encode(t.catalog())
	}
	chosen := t.catalog()
	if *catalog != "" {
		if t.fault == "no-catalog" {
			return fmt.Errorf("--catalog is not for this tap")
		}
		if err := load(*catalog, &chosen); err != nil {
			return err
		}
	}
	bookmark := 0
	if *state != "" {
		var value struct {
			Bookmarks struct{ Orders struct{ ID int } }
		}
		switch err := load(*state, &value); {
		case err != nil && t.fault != "any-state":
			return err
		case t.fault == "no-empty-state" && value.Bookmarks.Orders.ID == 0, t.fault == "no-last-state" && value.Bookmarks.Orders.ID == rows:
			return fmt.Errorf("the state is not right")
		}
		bookmark = value.Bookmarks.Orders.ID
	}
	return t.sync(chosen, bookmark)
}

func load(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func (t *tap) catalog() object {
	stream := func(id, key string) object {
		return object{"tap_stream_id": id, "stream": id, "schema": schema(), "metadata": []object{
			{"breadcrumb": []string{}, "metadata": object{"table-key-properties": []string{key}}},
			{"breadcrumb": []string{"properties", "id"}, "metadata": object{"inclusion": "automatic"}},
		}}
	}
	streams := []object{stream("lists", "id"), stream("orders", "id")}
	switch t.fault {
	case "double-id":
		streams[1]["tap_stream_id"] = "lists"
	case "key-no-field":
		streams[0] = stream("lists", "uuid")
	case "unsteady-catalog":
		streams[0]["schema"].(object)["description"] = os.Getpid()
	}
	return object{"streams": streams}
}

func schema() object {
	text := object{"type": []string{"null", "string"}}
	return object{"type": "object", "properties": object{"id": object{"type": "integer"}, "text": text, "at": object{"type": []string{"null", "string"}, "format": "date-time"}}}
}

// selected tells what the catalog says of a stream, or of a field of it.
func selected(catalog object, stream string, breadcrumb ...string) bool {
	encoded, _ := json.Marshal(catalog)
	var c struct {
		Streams []struct {
			Stream   string
			Metadata []struct {
				Breadcrumb []string
				Metadata   struct{ Selected *bool }
			}
		}
	}
	_ = json.Unmarshal(encoded, &c)
	for _, s := range c.Streams {
		for _, m := range s.Metadata {
			if s.Stream == stream && slices.Equal(m.Breadcrumb, breadcrumb) && m.Metadata.Selected != nil {
				return *m.Metadata.Selected
			}
		}
	}
	return true
}

func (t *tap) sync(catalog object, bookmark int) error {
	t.signals = make(chan os.Signal, 1)
	signal.Notify(t.signals, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGPIPE)
	if strings.EqualFold(os.Getenv("LOGLEVEL"), "debug") && t.fault == "debug-on-stdout" {
		fmt.Fprintln(t.out, "DEBUG reading")
	}
	for _, stream := range []string{"lists", "orders"} {
		if selected(catalog, stream) || t.fault == "all-streams" {
			t.stream(catalog, stream, bookmark)
		}
	}
	if t.fault == "prints" {
		fmt.Fprintln(t.out, "done")
	}
	if err := t.out.Flush(); err != nil && t.err == nil {
		t.err = err
	}
	switch {
	case t.err != nil && t.fault == "trace-on-closed-pipe":
		fmt.Fprintln(os.Stderr, "Traceback (most recent call last)")
	case t.err == nil && t.fault == "exit-1":
		return fmt.Errorf("no reason")
	}
	return t.err
}

func (t *tap) send(message object) {
	if t.err == nil {
		t.err = json.NewEncoder(t.out).Encode(message)
	}
}

func (t *tap) stream(catalog object, stream string, bookmark int) {
	shape := schema()
	properties := shape["properties"].(object)
	left := []string{"text", "at"}
	if t.fault == "drops-key" {
		left = append(left, "id")
	}
	left = slices.DeleteFunc(left, func(name string) bool {
		return selected(catalog, stream, "properties", name) || t.fault == "all-fields"
	})
	for _, name := range left {
		if t.fault != "declares-all-fields" {
			delete(properties, name)
		}
	}
	head := object{"type": "SCHEMA", "stream": stream, "schema": shape, "key_properties": []string{"id"}, "bookmark_properties": []string{"id"}}
	switch t.fault {
	case "no-key-properties":
		delete(head, "key_properties")
	case "no-properties":
		delete(shape, "properties")
	case "unknown-bookmark":
		head["bookmark_properties"] = []string{"changed"}
	case "record-first":
		t.send(object{"type": "RECORD", "stream": stream, "record": object{"id": 0}})
	}
	t.send(head)
	first, last := 1, 5
	if stream == "orders" {
		first, last = bookmark+1, rows
	}
	if t.fault == "unsteady" {
		last -= os.Getpid() % 97 % last
	}
	for id := first; id <= last && t.err == nil; id++ {
		select {
		case got := <-t.signals:
			if t.fault != "deaf" {
				t.code = 128 + int(got.(syscall.Signal))
				return
			}
		default:
		}
		record := t.record(id)
		for _, name := range left {
			delete(record, name)
		}
		message := object{"type": "RECORD", "stream": stream, "record": record}
		if stream == "lists" {
			message["version"] = 1
		}
		t.send(message)
		if stream == "orders" && (id%stateEvery == 0 || id == last) {
			t.state(id)
		}
	}
	if stream == "lists" {
		version := 1
		if t.fault == "other-version" {
			version = 2
		}
		t.send(object{"type": "ACTIVATE_VERSION", "stream": stream, "version": version})
	} else if t.fault == "rows-after-state" {
		t.send(object{"type": "RECORD", "stream": stream, "record": t.record(rows + 1)})
	}
}

func (t *tap) record(id int) object {
	record := object{"id": id, "text": strings.Repeat("text ", 40), "at": "2026-01-02T03:04:05Z"}
	if id != 3 {
		return record
	}
	switch t.fault {
	case "wrong-type":
		record["text"] = 7
	case "wrong-date":
		record["at"] = "yesterday"
	case "undeclared":
		record["new"] = 1
	case "null-key":
		record["id"] = nil
	case "double-key":
		record["id"] = 2
	}
	return record
}

func (t *tap) state(id int) {
	if t.fault == "loses" && id < rows {
		id++ // it says that the next row was sent
	}
	bookmark := object{"id": id}
	if t.fault == "markers" {
		bookmark["progress_markers"] = object{"id": id}
	}
	var value any = object{"bookmarks": object{"orders": bookmark}}
	if t.fault == "state-of-another-shape" {
		value = object{"bookmarks": []any{id}}
	}
	t.send(object{"type": "STATE", "value": value})
}
