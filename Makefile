# Tidemill's commands. Each installs what it needs, builds, and does its work; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

SWIFT_BUILD := swift build
BIN := .build/debug
PROGRAMS := tidemill tidemill-controller tidemill-agent tidemill-shim
ARGS ?=
ROUNDS ?= 20
SEEDS ?= 1000
FIRST ?= 1
export SEED
AGENTS ?= 10000

.PHONY: help setup build up down clean-host test check format generate \
        test-integration test-crash test-failover test-nodes test-devices test-isolation test-kubectl test-why test-exec test-clients test-vm \
        simulate bench bench-heartbeat bench-failover bench-openb bench-placement test-properties

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

setup:
	@bash Tools/setup.sh

build: setup ## build the four programs (debug)
	@for program in $(PROGRAMS); do $(SWIFT_BUILD) --product $$program || exit 1; done

up: build ## start a controller and an agent here and run the quickstart; ARGS=--exit ends afterwards
	@$(BIN)/tidemill up $(ARGS)

down: ## stop what `up` started and remove its state
	@if [ -x $(BIN)/tidemill ]; then $(BIN)/tidemill down --purge $(ARGS); else echo "Nothing is built, so nothing of this checkout runs."; fi

clean-host: ## end and remove everything that any Tidemill left on this machine, state included
	@bash Tools/clean-host.sh

test: setup ## build everything and run every test that fits half an hour
	@bash Tools/test.sh

test-integration: setup ## real controller, agent and shim: kills, deadlines, fences
	@bash Tools/test-integration.sh

test-crash: setup ## kill the controller under concurrent writes; ROUNDS=20
	@bash Tools/test-crash.sh $(ROUNDS)

test-failover: setup ## take away controllers, agents and stores under running work
	@bash Tools/test-failover.sh $(ARGS)

test-nodes: setup ## drain, cordon, maintain and lose nodes; back up, fill the disk, recover
	@bash Tools/test-nodes.sh $(ARGS)

test-devices: setup ## discover machines that are not here, through libraries that err, crash and hang
	@bash Tools/test-devices.sh $(ARGS)

test-isolation: setup ## attack slices from inside, with their mechanisms on and off; kill the agent at every step
	@bash Tools/test-isolation.sh $(ARGS)

test-exec: setup ## sessions in running tasks: codes, streams, terminals, limits, ends; run -it
	@bash Tools/test-exec.sh $(ARGS)

test-why: setup ## why, fit and replay on the quickstart machine
	@bash Tools/test-why.sh

test-kubectl: setup ## Debian's kubectl against a running Tidemill
	@bash Tools/test-kubectl.sh

test-clients: setup ## unmodified Kubernetes clients against a running Tidemill; ARGS='kubectl kopf' chooses, KUBECTLS adds
	@bash Tools/test-clients.sh $(ARGS)

test-vm: setup ## a virtual machine with systemd, cgroup v2 alone and four NUMA nodes; ARGS='boot unit' chooses suites
	@bash Tools/test-vm.sh $(ARGS)

simulate: setup ## seeded histories with every fault, and every broken rule; SEEDS=1000 FIRST=1, or SEED=N for one
	@bash Tools/simulate.sh $(SEEDS) $(FIRST)

bench: setup ## speed, memory, lists, watches, and what slices cost, in release; ARGS=slices or watches for these alone
	@bash Tools/bench.sh $(ARGS)

bench-heartbeat: setup ## the controller's CPU and memory under many agents; AGENTS=10000
	@bash Tools/bench-heartbeat.sh $(AGENTS) $(ARGS)

bench-failover: setup ## from the death of a node to its work running elsewhere, in release
	@bash Tools/bench-failover.sh $(ARGS)

test-properties: setup ## placement on random clusters; N=1000
	@bash Tools/test-properties.sh $(N)

bench-openb: setup ## how tightly placement packs the openb traces, and how fast; TRACE=DIR
	@bash Tools/bench-openb.sh $(TRACE) $(ARGS)

bench-placement: setup ## placement at the size of a fleet, by itself and end to end: 5,000 nodes, 50,000 slices
	@bash Tools/bench-placement.sh $(ARGS)

generate: setup ## write the Swift, JSON and reference pages from Sources/Model/Schema
	@$(SWIFT_BUILD) --product tidemill-generate
	@$(BIN)/tidemill-generate

check: setup ## formatting, lint and tidiness
	@bash Tools/check.sh

format: ## rewrite the sources in the one format
	@git ls-files '*.swift' | grep -v /Generated/ | xargs swift format format --in-place --parallel
