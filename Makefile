# Everything a newcomer needs, from a fresh clone: `make demo` shows it, `make test` checks it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test unit build install uninstall bench lint cluster cluster-down clean

swift_test := swift test --disable-xctest
# the end-to-end tests run stacks on root's podman
as_root := $(if $(filter 0,$(shell id -u)),,sudo -E env "PATH=$$PATH")

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target text; do printf 'make %-13s %s\n' "$$target" "$$text"; done

demo: ## the main job from end to end on this machine, to read along (ONCE=1: unattended; RUNTIME=kubernetes: on a cluster)
	@dev/demo

test: ## lint, then every test, the end-to-end tests on a real cluster (KUBECONFIG=F: on that one)
	@dev/setup
	@$(MAKE) --no-print-directory lint
	@KUBECONFIG=$${KUBECONFIG:-}; [[ -n $$KUBECONFIG ]] || KUBECONFIG=$$(dev/cluster up); export KUBECONFIG; \
	SLINGSHOT_DEMO_IMAGE=$$(dev/demo-image); export SLINGSHOT_DEMO_IMAGE; \
	SLINGSHOT_TEST_USER=$$(dev/rootless-user); export SLINGSHOT_TEST_USER; \
	SLINGSHOT_POSTGRES_IMAGE=$$(dev/postgres-image); export SLINGSHOT_POSTGRES_IMAGE; \
	swift build --build-tests; \
	$(swift_test) --skip-build --skip EndToEndTests; \
	$(as_root) dev/end-to-end

unit: ## the tests that need no cluster
	@dev/setup build
	@$(swift_test) --skip EndToEndTests

build: ## the release binary; Swift's own libraries are part of it
	@dev/setup build
	@swift build -c release --static-swift-stdlib --product slingshot
	@echo "$$(swift build -c release --show-bin-path)/slingshot"

install: build ## the program, systemd's units and an example configuration (PREFIX=/usr/local, DESTDIR=)
	@deploy/systemd/install "$$(swift build -c release --show-bin-path)/slingshot"

uninstall: ## remove them; configuration and state stay
	@deploy/systemd/install --remove

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
