# The targets are the whole interface; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
TOOLS    := $(CURDIR)/.tools/bin
PACKAGES ?= ./...
TIMEOUT  ?= 15m
# Tests are run with -count=1: what a program that a test has built does is not
# in the key of the test cache.

.PHONY: help build test tofu race lint fmt demo fuzz bench scoreboard matrix cover crash faults tools clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/' | expand -t 12

build: ## build bin/lockstep, with a C compiler if there is one (DRIVERS="sqlserver pgx/v5" adds drivers of golang-migrate)
	@$(if $(DRIVERS),.ci/build-with $(DRIVERS),.ci/build)

test: ## run all tests; finds or installs Terraform, PostgreSQL and MariaDB, and says so
	@.ci/with-tools --postgres --mysql --pgbouncer $(GO) test -count=1 -timeout $(TIMEOUT) $(PACKAGES)

tofu: ## run the tests of the terraform provider with Terraform and with OpenTofu; finds or builds OpenTofu, and says so
	@.ci/with-tools --tofu $(GO) test -count=1 -timeout $(TIMEOUT) ./providers/terraform/... ./internal/trialprovider

# The stories of cmd/lockstep run a program that is built as its users build it,
# which the detector does not look into; the crash tests build one with it.
race: ## run the tests under the race detector, but for the stories
	@cc="$$($(GO) env CC)"; command -v "$${cc%% *}" >/dev/null || \
		{ echo "race: the race detector needs a C compiler, and there is no $$cc: apt-get install gcc, or set CC" >&2; exit 1; }
	@CGO_ENABLED=1 .ci/with-tools --postgres --mysql --pgbouncer $(GO) test -race -count=1 -timeout $(TIMEOUT) \
		$(if $(filter ./...,$(PACKAGES)),$$($(GO) list ./... | grep -v '/cmd/lockstep$$'),$(PACKAGES))

lint: ## check style and architecture with the pinned linter
	@linter="$$(.ci/find-linter)"; "$$linter" run $(PACKAGES); \
	"$$linter" run --build-tags failpoint,splitreceipt,blindprobe,crash $(PACKAGES)

fmt: ## format the sources with the pinned formatters
	@linter="$$(.ci/find-linter)"; "$$linter" fmt

demo: ## watch three change sets go through three environments (DATABASE=postgres for PostgreSQL)
	@.ci/with-tools $(if $(filter postgres,$(DATABASE)),--postgres) testdata/changesets/shop/demo.sh

fuzz: ## run every fuzz target for DURATION=30s each, one by one (ONLY=pgsyntax chooses by folder or name)
	@.ci/fuzz "$(or $(DURATION),30s)" "$(or $(ONLY),.)"

bench: ## measure Lockstep beside other tools (PART=apply,idle,... and ARGS='-rounds 5' choose)
	@.ci/with-tools --postgres $(GO) run ./internal/bench $(if $(PART),-part $(PART)) $(ARGS)

scoreboard: ## compare lint with the fixtures of other linters (FIXTURES=FOLDER holds a folder for each suite)
	@.ci/with-tools --postgres $(GO) run ./internal/scoreboard/cmd -fixtures "$(FIXTURES)" $(ARGS)

matrix: ## measure the tables of locks, scans and schemas on PostgreSQL 12 to 18; fetches the majors from npm
	@majors="$$(.ci/find-postgres-majors)"; LOCKSTEP_TEST_POSTGRES_BINDIRS="$$majors" .ci/with-tools --postgres $(GO) test -count=1 -p 1 -timeout 60m \
		./internal/pgeffect ./internal/rehearse/trace ./internal/rehearse/catalog ./internal/rehearse/server

cover: ## write coverage.out and coverage.html, print the total
	@.ci/with-tools --postgres --mysql --pgbouncer $(GO) test -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=coverage.out $(PACKAGES)
	$(GO) tool cover -html=coverage.out -o coverage.html
	$(GO) tool cover -func=coverage.out | tail -n 1

crash: ## kill a run at every journal and effect point, and Terraform and OpenTofu in every call, then resume and roll back
	@.ci/with-tools --postgres --tofu $(GO) test -tags crash ./internal/crashtest -count=1 -timeout 150m -v \
		-run 'TestCrashMatrix|TestNegativeControl|TestKillsOfTerraform' | $(LISTS)

faults: ## cut, restart, kill and overtake migrations everywhere, and apply from 50 places at once
	@.ci/with-tools --postgres --pgbouncer $(GO) test -tags crash ./internal/crashtest -count=1 -timeout 90m -parallel 6 -v \
		-skip 'TestCrashMatrix|TestNegativeControl|TestKillsOfTerraform' | $(LISTS)

# What was tried, with counts, without a line for each of thousands.
LISTS := grep -vE '^ *(=== |--- PASS)'

tools: ## find or install everything that the other targets need
	@.ci/find-terraform; .ci/find-tofu; .ci/find-postgres; .ci/find-mysql; .ci/find-linter

clean: ## remove what was built; installed tools stay in .tools
	rm -rf bin coverage.out coverage.html
