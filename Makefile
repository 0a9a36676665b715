# make lists its targets. Everything that must hold before a change lands is in .ci/run.

FUZZTIME ?= 30s
KILLS    ?= 1000
RUNS     ?= 1000000
FILES    ?= $(or $(TMPDIR),/tmp)/wf-scale

.DEFAULT_GOAL := help
.PHONY: help build peers test lint ci bench compare crash torture scale fuzz docs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/wf
	go build -trimpath -o bin/ ./cmd/wf

peers: ## install the programs that tests compare with (Debian)
	.ci/peers

test: ## run all tests under the race detector, in random order
	go test -race -shuffle=on ./...

lint: ## check formatting, vet and lint
	.ci/run tools format vet lint

ci: ## everything that a change must pass
	.ci/run

bench: ## compare the speed with that of a commit BASE (QUICK=1 BENCH=regexp COUNT=n BENCHTIME=d)
	.ci/bench

compare: ## measure wf and other engines on the same work, 25 minutes, and write docs/benchmarks.md
	cd bench && go run .

crash: ## kill KILLS processes at random moments, and let engines die at every commit
	go test -count=1 -timeout 0 -run SurvivesKills . -crash.kills=$(KILLS)
	go test -count=1 -timeout 0 -run CrashesEverywhere ./engine/enginetest -crash.each=1

torture: ## kill each foreign program of examples/exec KILLS times, and tear its state
	go test -count=1 -timeout 0 -v -run Torture . -torture.kills=$(KILLS)

scale: ## fill files with RUNS runs, kept in FILES, and show that nothing grows with them
	mkdir -p $(FILES)
	go test -count=1 -timeout 0 -v -run Scale . -scale.runs=$(RUNS) -scale.dir=$(FILES)

fuzz: ## run each fuzz test for FUZZTIME
	@go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r pkg; do \
		for name in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

docs: ## write the generated documents anew
	go test ./cli -run Docs -update
