# The commands of the project. `make` lists them.
#
# build/ holds everything that is made: build/postgres/15 and 18 (private PostgreSQL trees),
# build/pg15 and build/pg18 (one CMake build for each), build/sanitize (fuzz targets).

VERSIONS ?= 15 18
FUZZ_SECONDS ?= 60
SHELL := /bin/bash
export FOOTFALL_VERSIONS := $(VERSIONS)
export FUZZ_SECONDS

.DEFAULT_GOAL := help
.PHONY: help deps build install test unit regress isolation tap oracle suite fuzz soak stores lake behavior models model_exchange \
    cancels leak asan bench policy ingest scaling one-customer demo demo-stop lint format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  VERSIONS='$(VERSIONS)'  the PostgreSQL versions to build and test"
	@echo "  FUZZ_SECONDS=$(FUZZ_SECONDS)   seconds for each fuzz target"

deps: ## install what is missing, private PostgreSQL trees included
	@scripts/install_dependencies.sh test

build: deps ## build for each version and install into the private trees
	@scripts/build.sh $(VERSIONS)

install: ## build and install for a server of yours: PG_CONFIG=/path/to/pg_config
	@scripts/install.sh "$(or $(PG_CONFIG),pg_config)"

test: deps ## every test, on each version
	@scripts/test.sh

unit regress isolation tap oracle suite fuzz soak stores lake cancels leak asan lint: deps
unit: ## the engine's unit tests
	@scripts/test.sh unit
regress: ## SQL tests (pg_regress)
	@scripts/test.sh regress
isolation: ## concurrent sessions (pg_isolation_regress)
	@scripts/test.sh isolation
tap: ## crashes, standbys, dumps, upgrades (PostgreSQL::Test::Cluster)
	@scripts/test.sh tap
oracle: ## the same statements on a heap table and a footfall table
	@scripts/test.sh oracle queries
suite: ## PostgreSQL's own regression suite with footfall as the access method
	@scripts/test.sh postgres_suite
fuzz: ## decoders under libFuzzer, ASan and UBSan
	@scripts/test.sh fuzz
soak: ## crashes, oracle, queries and fuzzing with fresh seeds: SOAK_MINUTES=60
	@scripts/soak.sh
stores: ## the archive against S3 and HDFS on the loopback (needs go, java, maven)
	@TARGETS=all scripts/build.sh $(firstword $(VERSIONS)) && scripts/test_stores.sh
lake: ## archives in real stores through SQL, faults, other readers (needs go, java, maven; takes long)
	@TARGETS=all scripts/build.sh $(firstword $(VERSIONS)) && scripts/test_on.sh lake $(firstword $(VERSIONS))
cancels: export CANCELS ?= 1000
cancels: export ROWS ?= 1000000
cancels: export CANCEL_SLACK ?= 1
cancels: ## 1,000 random cancels: p99 under 100 ms, none over 500 (on an idle machine)
	@scripts/build.sh $(lastword $(VERSIONS)) && \
	    scripts/test_on.sh robustness $(lastword $(VERSIONS)) cancels
leak: export LEAK ?= 10000
leak: ## 10,000 statements in one backend, whose memory does not grow
	@scripts/build.sh $(lastword $(VERSIONS)) && \
	    scripts/test_on.sh robustness $(lastword $(VERSIONS)) leak
asan: ## SQL tests with the extension under ASan and UBSan
	@scripts/test_sanitized.sh $(lastword $(VERSIONS))
lint: ## formatting, clang-tidy, layers, symbols
	@scripts/test.sh lint

model_exchange: ## models in other tools' formats, scored by those tools
	@scripts/install_dependencies.sh exchange
	@scripts/build.sh $(firstword $(VERSIONS)) && \
	    scripts/test_on.sh model_exchange $(firstword $(VERSIONS))
behavior: deps ## behaviour beside ClickHouse, pandas and lifetimes, on real and generated logs (from PyPI)
	@TARGETS=all scripts/build.sh $(firstword $(VERSIONS)) && scripts/test_behavior.sh $(firstword $(VERSIONS))
models: deps ## models beside scikit-learn, XGBoost and the simulator's truth
	@TARGETS=all scripts/build.sh $(firstword $(VERSIONS)) && scripts/test_models.sh $(firstword $(VERSIONS))

bench: build ## the benchmarks (ROWS=, SEED=)
	@TARGETS=all scripts/build.sh $(firstword $(VERSIONS))
	bench/run

policy: build ## 20,000 events a second beside archive_above = 300 MB (MINUTES=, RATE=, ABOVE=)
	bench/policy/run

ingest: build ## how long inserts take while a partition is archived, on an idle machine (PAIRS=, PARTITION=)
	bench/policy/ingest

scaling: build ## time and memory from 1 to 50 million rows, hot rows, a day of a year (ROWS=)
	bench/scaling/run

one-customer: ## time and memory of each behavioural aggregate and report over 10 million rows of one customer (ROWS=)
	@scripts/build.sh $(lastword $(VERSIONS)) && VERSION=$(lastword $(VERSIONS)) bench/one_customer/run

demo: ## load events, print KPIs, funnel, retention and who is about to leave (DATA=file MAP="ts=column …")
	@scripts/demo/run.sh

demo-stop: ## stop the demo's server
	@scripts/demo/stop.sh

format: ## lay out the C++ sources as .clang-format says
	find engine extension tests bench -name '*.cpp' -o -name '*.h' | xargs clang-format -i

clean: ## remove everything that was made, servers included
	@scripts/clean.sh
