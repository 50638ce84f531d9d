# Everything a newcomer needs, from a fresh clone: `make demo` shows it, `make test` checks it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test unit build bench lint cluster cluster-down clean

swift_test := swift test --disable-xctest

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target text; do printf 'make %-13s %s\n' "$$target" "$$text"; done

demo: ## the main job from end to end on this machine, to read along (ONCE=1: unattended; RUNTIME=kubernetes: on a cluster)
	@dev/demo

test: ## lint, then every test, the end-to-end tests on a real cluster (KUBECONFIG=F: on that one)
	@dev/setup
	@$(MAKE) --no-print-directory lint
	@KUBECONFIG=$${KUBECONFIG:-}; [[ -n $$KUBECONFIG ]] || KUBECONFIG=$$(dev/cluster up); export KUBECONFIG; \
	SLINGSHOT_DEMO_IMAGE=$$(dev/demo-image); export SLINGSHOT_DEMO_IMAGE; \
	SLINGSHOT_POSTGRES_IMAGE=$$(dev/postgres-image); export SLINGSHOT_POSTGRES_IMAGE; \
	swift build --build-tests; \
	$(swift_test) --skip-build --skip EndToEndTests; \
	$(swift_test) --skip-build --filter EndToEndTests

unit: ## the tests that need no cluster
	@dev/setup build
	@$(swift_test) --skip EndToEndTests

build: ## the release binary; Swift's own libraries are part of it
	@dev/setup build
	@swift build -c release --static-swift-stdlib --product slingshot
	@echo "$$(swift build -c release --show-bin-path)/slingshot"

bench: build ## every benchmark beside what one would use instead; docs/performance.md has what was measured
	@benchmarks/all

lint: ## formatting and style of the sources; `swift format -i -r …` mends most of it
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests templates webhooks

cluster: ## bring up the development cluster and print its kubeconfig's path
	@dev/cluster up

cluster-down: ## take the development cluster down
	@dev/cluster down

clean: ## remove what was built here
	@swift package clean
