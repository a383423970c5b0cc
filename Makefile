# What can be done with this checkout; `make` alone lists it. Everything is installed into .venv, once.
# The newest Python in PATH is used, from 3.11 on; `make PYTHON=python3.12 demo` names another one, and `VENV=build/python3.12`
# gives that one an environment of its own.

.DEFAULT_GOAL := help
.PHONY: help system-packages venv demo test check bench bench-go docs proto soak attack faults crash fuzz e2e newer image-test clean
VENV := .venv
export PYTHON VENV
# The processes that tests start would each compile everything again.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
# Many tests wait for clocks, so more of them than there are cores end sooner; CI runs fewer at once, with more that compute.
WORKERS := $(if $(CI),3,4)
# Ctrl-C must reach the demo and not make, which would end with an error of its own; a terminal's shell can do that.
DEMO := $(BIN)/gui-agents demo

help: ## List these targets
	@echo "Targets:"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: ## Make .venv with everything for development
	@tools/install.sh dev

system-packages: ## Install the programs of real desktops and browsers, and of the tests that need them; root, Debian
	@tools/system-packages $(ARGS)

demo: ## Start the service and run real tasks on it (GRPC_PORT, PROMETHEUS_PORT; DEMO_EXIT=1 ends by itself)
	@tools/install.sh prometheus
	@if [ -t 0 ] && [ -t 1 ]; then set -m; $(DEMO); exit $$?; else exec $(DEMO); fi

# The tests of real servers are apart at the end: they wait for clocks, which tests that compute would slow down.
test: venv ## Run all tests (ARGS="-k name" chooses)
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --ignore=tests/e2e
	$(BIN)/python -m pytest -n 3 --dist worksteal tests/e2e
endif

check: venv ## Format, lint, types, import contracts, generated files up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/proto.py --check
	$(BIN)/python tools/docs.py --check
	$(BIN)/python -m tools.checks docs
	$(BIN)/python -m tools.generate docs --check

bench: venv ## Run the benchmarks and print their ratios (ARGS="rpc" chooses)
	$(BIN)/python -m tests.bench $(ARGS)

bench-go: venv ## Compare a scrape's CPU time with client_golang's; needs Go, and says what to install
	$(BIN)/python -m tests.bench.bench_go

docs: venv ## Regenerate what code generates: docs/metrics.md, .env.example, rules and dashboards
	$(BIN)/python tools/docs.py
	$(BIN)/python -m tools.generate docs

proto: venv ## Regenerate the protobuf code from the .proto files
	$(BIN)/python tools/proto.py

soak: venv ## Ten minutes of scrapers on a busy service (SOAK_SECONDS)
	$(BIN)/python -m tests.bench.soak

attack: venv ## Attack fresh services in every way we know, as a table; minutes (ARGS="--short" or words of names)
	$(BIN)/python -m tests.attack $(ARGS)

faults: venv ## Faults at every await of real sandboxes, and what each leaves, as a table; long (ARGS="4 x11": a sample)
	$(BIN)/python -m tests.faults $(ARGS)

crash: venv ## Kill a service at 100 random points under load, and compare what clients were told (ARGS="--points 10 --requeue")
	$(BIN)/python -m tests.crash $(ARGS)

fuzz: venv ## Random bytes and wrong headers for every RPC and HTTP path, for two minutes (FUZZ_SECONDS)
	$(BIN)/python -m tests.fuzz $(ARGS)

e2e: venv ## Only the real chain: every alert fires, is routed and resolves; about a minute
	REQUIRE_SYSTEM_TOOLS=1 $(BIN)/python -m pytest tests/e2e/test_real_chain.py $(ARGS)

# What the rules and their tests meet in a newer release: timelines, configuration, native histograms, the real chain.
NEWER := tests/collectors/exposition tests/collectors/operations/test_configuration.py tests/collectors/operations/test_promtool.py \
	tests/collectors/operations/test_sharding.py tests/gui_agents/commands/test_monitoring.py tests/e2e/test_real_chain.py
newer: venv ## The tests with Prometheus in the release of Debian's next version, unpacked beside this machine's
	@if programs=$$(tools/newer_prometheus.sh); then \
		set -ex; PATH="$$programs:$$PATH"; export PATH; prometheus --version; prometheus-alertmanager --version; \
		$(BIN)/python -m pytest -m system_tools $(or $(ARGS),$(NEWER)); \
	else echo "SKIPPED: the tests with a newer Prometheus"; fi

image-test: ## Build the image and run it as its user until it is healthy (TARGET=desktops); root, Debian, minutes
	@tools/image_test.sh

clean: ## Remove .venv and what the tools leave behind
	rm -rf .venv build dist runtime .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
