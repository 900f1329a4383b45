# Thin: each target is a line or two that a person could type. CI calls `make test`.
# Both commands build with the dev profile, so they share one compiled RocksDB (the first build takes 12-25 minutes).

CARGO ?= cargo
SHELL := /bin/sh

.PHONY: demo test bench check setup tools torture

demo: setup
	$(CARGO) run -- demo

test: tools check
	$(CARGO) test --workspace

# Formatting, lints and documentation, all without a warning.
check: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --quiet

# Every proof at its full count.
torture: tools
	SATCHEL_PROOF=full $(CARGO) test --workspace -- --nocapture

# Release build; borrows the RocksDB archive of the dev build instead of compiling it again.
bench: setup
	$(CARGO) build
	@lib=$$(sh tests/bench/rocksdb-lib.sh) && export ROCKSDB_LIB_DIR="$$lib" ROCKSDB_STATIC=1 && \
		$(CARGO) bench --bench start && $(CARGO) bench --bench load -- $(BENCH_ARGS)

setup:
	@sh .ci/setup

# What the build needs, and what only tests do.
tools:
	@sh .ci/setup tests
