# The project's commands. "make test" is everything that CI runs; it installs what is missing or says what to install.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS   += --no-print-directory

GOFUMPT     := .tools/gofumpt@v0.12.0
STATICCHECK := .tools/staticcheck@v0.8.2
PACKAGES    := web/app/node_modules/.package-lock.json

# What "make test" runs, one after the other. Nothing after the first makes sense where the first fails. The Go tests
# come last, so that their lines are what is seen at the end.
STAGES := tools check-format lint modules check-generated web-types web-dist test-web test-rules test-go test-browser

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run build clean
run: ## serve from the sources
	go run .

build: ## make the binary
	CGO_ENABLED=0 go build -trimpath -o productgenerator .

clean: ## remove what was built and installed here; the embedded database's files stay
	rm -rf productgenerator artifacts .tools web/app/node_modules

.PHONY: test test-rules test-go test-browser test-web
test: ## everything that CI runs, in stages
	@.ci/stages $(STAGES)

test-rules: ## the rules of tokens by the million, and every day of every zone, without the race detector
	GOGC=400 go test -vet=off -timeout 10m -run 'RuleBook|Histor|DayOfEveryZone|ChangeOfZone' ./ledger ./models

test-go: ## the Go tests, with the race detector, on a real PostgreSQL
	go test -race -vet=off -timeout 10m -skip Chromium ./...

test-browser: $(PACKAGES) ## the tests whose names say Chromium
	go test -race -vet=off -timeout 5m -count 1 -run Chromium . ./web ./e2e

test-web: $(PACKAGES) ## the pages' unit tests
	cd web/app && npm test

.PHONY: lint modules
lint: $(STATICCHECK) ## go vet and staticcheck
	go vet ./...
	$(STATICCHECK)/staticcheck ./...

modules: ## go.mod and go.sum name what is used, unaltered
	go mod tidy -diff
	go mod verify

.PHONY: format check-format generate check-generated
format: $(GOFUMPT) ## format the Go files
	$(GOFUMPT)/gofumpt -w .

check-format: $(GOFUMPT) ## the Go files are formatted
	@unformatted=$$($(GOFUMPT)/gofumpt -l .); \
	if [[ -n $$unformatted ]]; then printf 'not formatted, run "make format":\n%s\n' "$$unformatted"; exit 1; fi

generate: ## make graph/ from schema/ and gqlgen.yml
	go run github.com/99designs/gqlgen generate

check-generated: ## graph/ is what schema/ and gqlgen.yml give, whatever git thinks of them
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; \
	cp -R go.mod go.sum tools.go gqlgen.yml schema models "$$copy"; \
	(cd "$$copy" && go run github.com/99designs/gqlgen generate); \
	diff -r graph "$$copy/graph" || { echo 'graph/ is out of date: run "make generate"'; exit 1; }

.PHONY: web web-types web-dist
web: $(PACKAGES) ## build the pages into web/dist
	cd web/app && npm run build

web-types: $(PACKAGES) ## the pages' types
	cd web/app && npm run check

web-dist: $(PACKAGES) ## web/dist is what the pages' sources give
	cd web/app && npm run compare

.PHONY: bench bench-history bench-packages
bench: build ## how many requests are accepted, against one transaction for each request; BENCH=-short is quick
	go run ./bench $(BENCH)

bench-history: build ## pages, reports and checks of made-up histories: HISTORY=DIR,DIR, each a DATA_DIR of seed --lines
	go run ./bench -history $(HISTORY)

bench-packages: ## the packages' benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: tools
tools: ## install what the tests need
	@.ci/install
	@$(MAKE) -s $(PACKAGES) $(GOFUMPT) $(STATICCHECK)

$(PACKAGES): web/app/package-lock.json
	cd web/app && npm ci --no-audit --no-fund
	@touch $@

$(GOFUMPT):
	GOBIN=$(CURDIR)/$@ go install mvdan.cc/$(@F)

$(STATICCHECK):
	GOBIN=$(CURDIR)/$@ go install honnef.co/go/tools/cmd/$(@F)
