# Wanglou: build, run, test. `make` alone lists the targets.
#
# Nothing is built twice: npm packages, county data and console are remade when what they are made of has changed, Go keeps its own cache.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO ?= go
export CGO_ENABLED := 0

WANGLOU  := bin/wanglou
STAMPS   := bin/.made
NPM_DONE := frontend/node_modules/.package-lock.json
GO_DIRS  := server tiles layers postgis frontend deploy
VERSION  := $(shell git describe --always --dirty --tags 2>/dev/null || echo dev)

# What the console is made of.
CONSOLE_SOURCES := $(shell find frontend \( -name node_modules -o -name dist -o -name e2e -o -name test-results \) -prune -o -type f -not -name '*.go' -not -name '*.gen.ts' -print 2>/dev/null) \
	server/openapi.yaml

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s'|'

.PHONY: run
run: deps build ## install what is missing, build, seed an empty database, serve (DATABASE_URL: use that server)
	$(WANGLOU) seed --if-empty
	exec $(WANGLOU) serve

.PHONY: build
build: $(STAMPS)/console $(STAMPS)/county ## build the console, bin/wanglou, and bin/wanglou-onnx beside it
	$(GO) build -trimpath -ldflags '-s -w -X main.Version=$(VERSION)' -o $(WANGLOU) ./server/cmd/wanglou
	$(GO) build -trimpath -ldflags '-s -w' -o $(WANGLOU)-onnx ./server/cmd/wanglou-onnx

# The library that models of detection are run by (docs/detection.md). Of the npm package, which brings it for every system, one file is kept; its scripts are not run.
ONNX_LIBRARY := bin/libonnxruntime.so.1
.PHONY: onnx
onnx: $(ONNX_LIBRARY) ## fetch ONNX Runtime for models of detection (optional, 100 MB, once)

$(ONNX_LIBRARY): deploy/onnxruntime/package-lock.json
	@echo "ONNX Runtime (npm ci, 100 MB)"
	@mkdir -p $(STAMPS)/onnx $(@D)
	cp deploy/onnxruntime/package.json deploy/onnxruntime/package-lock.json $(STAMPS)/onnx/
	cd $(STAMPS)/onnx && npm ci --ignore-scripts --no-fund --no-audit
	cp $(STAMPS)/onnx/node_modules/onnxruntime-node/bin/napi-v*/linux/$$(node -p process.arch)/$(@F) $@.new
	rm -rf $(STAMPS)/onnx/node_modules/onnxruntime-node/bin/napi-v*/{darwin,win32}
	mv $@.new $@

.PHONY: deps
deps: ## install the Debian packages that the server uses, where they are missing
	@deploy/install-deps.sh run

$(NPM_DONE): frontend/package-lock.json
	@echo "npm packages of the console (npm ci)"
	cd frontend && npm ci --no-fund --no-audit
	@touch $@

$(STAMPS)/county: $(NPM_DONE) $(wildcard deploy/county/*)
	node deploy/county/extract.mjs
	@mkdir -p $(@D) && touch $@

$(STAMPS)/console: $(NPM_DONE) $(CONSOLE_SOURCES)
	cd frontend && npm run build
	@mkdir -p $(@D) && touch $@

# vet looks at the packages as test-go builds them, so that nothing is compiled for it alone.
.PHONY: lint
lint: $(NPM_DONE) $(STAMPS)/county ## gofmt, go vet, typecheck
	@unformatted=$$(gofmt -l $(GO_DIRS)); [ -z "$$unformatted" ] || { echo "gofmt is wanted for:"; echo "$$unformatted"; exit 1; }
	CGO_ENABLED=1 $(GO) vet -race ./...
	cd frontend && npm run check

# The race detector wants cgo; the product itself is built without. What computes in one goroutine alone has nothing to race with, and
# generating a county, a day of cameras, scenes of surface models and pictures laid on each other take ten times as long beside the detector.
# Of the pyramids of heights, small ones are built beside it, and the real ones without.
empty :=
space := $(empty) $(empty)
RACELESS := postgis/demo layers/camera layers/survey/dsm server/compare
SLOWLY := TestRealHeights

# Databases, browsers, ffmpeg and the race detector share the cores of one machine: what fails is run once more, alone, and the summary
# says so. More than three failures are no accident, and nothing is run again.
GOTEST := $(GO) tool gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg --rerun-fails=1 --rerun-fails-max-failures=3
.PHONY: test-go
test-go: $(STAMPS)/console $(STAMPS)/county ## Go tests with the race detector
	@$(MAKE) -s onnx || echo "ONNX Runtime could not be fetched: what wants it is skipped"
	CGO_ENABLED=1 $(GOTEST) --packages "$$($(GO) list ./... | grep -vE '/($(subst $(space),|,$(RACELESS)))$$' | tr '\n' ' ')" -- -race -timeout 15m -skip '^$(SLOWLY)$$'
	$(GOTEST) --packages "$(addprefix ./,$(RACELESS))" -- -timeout 15m
	$(GOTEST) --packages ./deploy/terrain -- -timeout 15m -run '^$(SLOWLY)$$'

.PHONY: test-frontend
test-frontend: $(STAMPS)/console ## unit tests and size check of the console
	cd frontend && npm test
	node frontend/scripts/size.mjs

.PHONY: test-e2e
test-e2e: build ## end-to-end tests of the built binary in Chromium
	cd frontend && npm run e2e

.PHONY: test
test: lint test-go test-frontend test-e2e ## everything: lint, Go, console, end to end

.PHONY: bench
bench: $(STAMPS)/console $(STAMPS)/county ## measure; one line a figure. ONLY=name picks one (see docs/bench.md)
	@$(GO) run ./deploy/bench $(if $(ONLY),--only $(ONLY))

.PHONY: clean
clean: ## remove what was built (not var/: that is the data)
	rm -rf bin frontend/node_modules
	find frontend/dist -mindepth 1 -not -name .keep -delete
	find postgis/demo/data -mindepth 1 -not -name .keep -delete
