# The targets are the whole interface; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
TOOLS    := $(CURDIR)/.tools/bin
PACKAGES ?= ./...
TIMEOUT  ?= 15m

.PHONY: help build test race lint fmt demo bench cover crash tools clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/' | expand -t 12

build: ## build bin/lockstep
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/lockstep ./cmd/lockstep

test: ## run all tests; finds or installs Terraform and PostgreSQL, and says so
	@terraform="$$(.ci/find-terraform)"; postgres="$$(.ci/find-postgres)"; \
	LOCKSTEP_TERRAFORM="$$terraform" LOCKSTEP_POSTGRES="$$postgres" PATH="$${postgres:+$$postgres:}$$PATH" $(GO) test -timeout $(TIMEOUT) $(PACKAGES)

race: ## run all tests under the race detector
	@terraform="$$(.ci/find-terraform)"; postgres="$$(.ci/find-postgres)"; \
	LOCKSTEP_TERRAFORM="$$terraform" LOCKSTEP_POSTGRES="$$postgres" PATH="$${postgres:+$$postgres:}$$PATH" $(GO) test -race -timeout $(TIMEOUT) $(PACKAGES)

lint: ## check style and architecture with the pinned linter
	@linter="$$(.ci/find-linter)"; "$$linter" run $(PACKAGES)

fmt: ## format the sources with the pinned formatters
	@linter="$$(.ci/find-linter)"; "$$linter" fmt

demo: ## watch three change sets go through three environments (DATABASE=postgres for PostgreSQL)
	@terraform="$$(.ci/find-terraform)"; postgres=""; \
	if [ "$${DATABASE:-sqlite}" = postgres ]; then postgres="$$(.ci/find-postgres)"; fi; \
	LOCKSTEP_TERRAFORM="$$terraform" LOCKSTEP_POSTGRES="$$postgres" PATH="$${postgres:+$$postgres:}$$PATH" testdata/changesets/shop/demo.sh

bench: ## measure planning and the other benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -timeout $(TIMEOUT) $(PACKAGES)

cover: ## write coverage.out and coverage.html, print the total
	@terraform="$$(.ci/find-terraform)"; postgres="$$(.ci/find-postgres)"; \
	LOCKSTEP_TERRAFORM="$$terraform" LOCKSTEP_POSTGRES="$$postgres" PATH="$${postgres:+$$postgres:}$$PATH" \
	$(GO) test -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=coverage.out $(PACKAGES)
	$(GO) tool cover -html=coverage.out -o coverage.html
	$(GO) tool cover -func=coverage.out | tail -n 1

crash: ## kill a run at every journal and effect point, then resume and roll back
	@terraform="$$(.ci/find-terraform)"; postgres="$$(.ci/find-postgres)"; \
	LOCKSTEP_TERRAFORM="$$terraform" LOCKSTEP_POSTGRES="$$postgres" PATH="$${postgres:+$$postgres:}$$PATH" \
	$(GO) test -tags crash ./internal/crashtest -run TestCrashMatrix -timeout 60m -v

tools: ## find or install everything that the other targets need
	@.ci/find-terraform; .ci/find-postgres; .ci/find-linter

clean: ## remove what was built; installed tools stay in .tools
	rm -rf bin coverage.out coverage.html
