# `make demo` shows convoke at work, `make test` checks all of it, `make bench` measures it against docker compose.
# Each makes sure of a container engine first (scripts/engine), and leaves nothing running.
SHELL := /bin/bash

PACKAGES := . examples/shop tests/actor

.PHONY: demo test bench format lint shop program tools
.NOTPARALLEL:

demo: program shop
	@scripts/engine run -- scripts/demo $(CURDIR)/target/release/convoke

# Dependencies are fetched first: an engine of our own has no way to the internet.
test: tools format lint
	scripts/tools test
	cargo fetch --locked
	scripts/engine run -- cargo test --locked --no-fail-fast

bench: program
	scripts/tools bench
	cargo bench --locked --no-run
	cargo bench --locked --bench load
	scripts/engine run -- cargo bench --locked --bench peer --bench logs

format: tools
	@for package in $(PACKAGES); do (set -x; cd $$package && cargo fmt --check) || exit 1; done

lint: tools
	@for package in $(PACKAGES); do \
	    (set -x; cd $$package && cargo clippy --locked --all-targets -- -D warnings) || exit 1; done

program: tools
	cargo build --locked --release

shop: tools
	cd examples/shop && cargo build --locked --release

tools:
	@scripts/tools
