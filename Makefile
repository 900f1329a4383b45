# Thin: each target is a line or two that a person could type. CI calls `make test`.
# Both commands build with the dev profile, so they share one compiled RocksDB (the first build takes 12-25 minutes).

CARGO ?= cargo
SHELL := /bin/sh

# Tools that cargo lacks, in the versions that everybody uses.
CARGO_DENY := cargo-deny 0.20.2
CARGO_SBOM := cargo-cyclonedx 0.5.9
CARGO_FUZZ := cargo-fuzz 0.13.1
# Seconds for each target of `make fuzz`.
FUZZ_SECONDS ?= 3600

.PHONY: demo test bench check setup tools torture deny sbom fuzz

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

# Licences, bans, duplicates, sources and advisories of the libraries.
deny:
	@tool=$$(sh .ci/tool $(CARGO_DENY)) && PATH="$$tool:$$PATH" sh .ci/deny

# What a release is made of, as CycloneDX (ECMA-424): satchel.cdx.json.
sbom:
	@tool=$$(sh .ci/tool $(CARGO_SBOM)) && PATH="$$tool:$$PATH" \
		$(CARGO) cyclonedx --format json --spec-version 1.5 --override-filename satchel.cdx --quiet
	@rm -f services/*/satchel.cdx.json tests/*/satchel.cdx.json && echo "satchel.cdx.json is written"

# Looks for inputs that break a parser; what is found is kept in the target directory and printed.
fuzz:
	@tool=$$(sh .ci/tool $(CARGO_FUZZ)) && PATH="$$tool:$$PATH" FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz/run

setup:
	@sh .ci/setup

# What the build needs, and what only tests do.
tools:
	@sh .ci/setup tests
