# Everything that is not the Go toolchain is fetched and built below build/, at the versions named here.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

PROGRAMS = ./target-postgres $(patsubst %/,./%,$(wildcard taps/tap-*/))

# The version of a binary is the commit's, where git can tell it.
BUILDVCS := $(shell git status --porcelain >/dev/null 2>&1 && echo true || echo false)

# The same flags everywhere, so that nothing is compiled twice.
export CGO_ENABLED = 0
export GOFLAGS := $(GOFLAGS) -trimpath

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done

.PHONY: build
build: ## Build the programs, static, into bin/
	@mkdir -p bin
	go build -buildvcs=$(BUILDVCS) -ldflags='-s -w' -o bin/ $(PROGRAMS) ./conformance

.PHONY: demo
demo: build ## Load sample exports of two clients from an S3 server into PostgreSQL, twice
	@go run ./examples/shell/demo

.PHONY: test
test: ## Run all tests, with a real PostgreSQL and a real S3 server
	go test -timeout 20m ./...

.PHONY: test-versions
test-versions: VERSIONS = 14 15 16 17 18
test-versions: ## Run the tests that need a server with every PostgreSQL from 14 to 18; some alone with VERSIONS="14 18"
	@for version in $(VERSIONS); do \
		echo "PostgreSQL $$version"; TEST_POSTGRES=$$version go test -timeout 20m ./target-postgres/... ./conformance/ || exit 1; done

.PHONY: kill-test
kill-test: ## Kill tap and target at 200 random instants, rerun, compare the tables
	KILLS=200 go test -timeout 60m -count 1 -v -run Kill ./conformance/

.PHONY: soak
soak: TIME = 1h
soak: ## Run all taps into one server for TIME=1h while everything breaks, and compare the tables with their sources; SEED=7 begins with that life
	SOAK=$(TIME) go test -timeout 0 -count 1 -v -run 'TestSoak$$' ./conformance/

# TIME is how long each target is fuzzed.
TIME = 1m

.PHONY: fuzz
fuzz: ## Fuzz every target in turn, for TIME=1m each
	@grep -ro --include='*_test.go' '^func Fuzz[A-Za-z]*' ./protocol ./target-postgres ./taps | sed 's|\(.*\)/[^/]*:func |\1 |' | sort | while read -r package target; do \
		echo "$$target in $$package"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(TIME) -fuzzminimizetime 1s "$$package" || exit 1; done

.PHONY: bench
bench: build build/bin/bench ## Measure beside rivals and write docs/benchmarks.md; some alone with PARTS="load merge"
	build/bin/bench $(BENCHFLAGS) $(PARTS)

.PHONY: bench-peers
bench-peers: build build/bin/bench ## Install other loaders below build/peers and measure them on the same rows
	build/bin/bench $(BENCHFLAGS) peers

.PHONY: bench-check
bench-check: build build/bin/bench ## Fail when tap or target need more CPU than a multiple of what a plain CSV loop needs
	build/bin/bench check

# A program of its own, since go run does not hand SIGTERM on.
.PHONY: build/bin/bench
build/bin/bench:
	@mkdir -p build/bin
	@go build -o $@ ./conformance/bench

.PHONY: interop
interop: build ## Run with Meltano, Airflow, PyAirbyte and other people's taps and targets, installed below build/interop; some alone with PARTS="meltano"
	go run ./conformance/interop $(INTEROPFLAGS) $(PARTS)

.PHONY: lint
lint: build/bin/staticcheck ## Check formatting, go vet and staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	build/bin/staticcheck ./...

# Of govulncheck 1 says that it could not look and 3 that there are findings. Here 4 says that the database cannot be reached.
.PHONY: vulncheck
vulncheck: build/bin/govulncheck ## Look for known vulnerabilities in what the programs call; exit 4 where the database cannot be reached
	@build/bin/govulncheck -show verbose ./... 2>build/vulncheck.err; code=$$?; cat build/vulncheck.err >&2; \
	if [ $$code -eq 1 ] && grep -q 'fetching vulnerabilities' build/vulncheck.err; then \
		echo "the database of vulnerabilities, https://vuln.go.dev, cannot be reached: nothing was looked for" >&2; code=4; fi; \
	rm -f build/vulncheck.err; exit $$code

.PHONY: generate
generate: ## Write the generated files again: docs pages, definitions for Meltano and Airbyte, catalog.example.json
	go generate ./...

.PHONY: release
release: ## Write archives for Linux and macOS, checksums and a bill of materials to build/release
	go run ./release archives $(RELEASEFLAGS)

.PHONY: images
images: ## Write an image of each program for amd64 and arm64 to build/images; IMAGEFLAGS=--push pushes them
	go run ./release images $(IMAGEFLAGS)

.PHONY: new-tap
new-tap: ## Write a new tap that works, with its server, tests and page: NAME=tap-acme
	@go run ./examples/newtap $(NAME)

.PHONY: clean
clean: ## Remove what was built, and the demo's folder
	rm -rf bin build

# A stamp's name holds the version, so that another one is installed when it changes.
stamp = build/bin/.$(notdir $(firstword $(subst @, ,$(1))))-$(lastword $(subst @, ,$(1)))

build/bin/staticcheck: $(call stamp,$(STATICCHECK))
build/bin/govulncheck: $(call stamp,$(GOVULNCHECK))

$(call stamp,$(STATICCHECK)): TOOL = $(STATICCHECK)
$(call stamp,$(GOVULNCHECK)): TOOL = $(GOVULNCHECK)
build/bin/.%:
	@mkdir -p build/bin
	GOBIN=$(CURDIR)/build/bin GOFLAGS=-trimpath go install $(TOOL)
	@touch $@
