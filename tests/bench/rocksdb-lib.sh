#!/bin/sh
# Prints the folder of the RocksDB archive that the dev build made, for a release build to link.
set -eu
target=${CARGO_TARGET_DIR:-target}
for archive in "$target"/debug/build/polodb-librocksdb-sys-*/out/librocksdb.a; do
    if [ -f "$archive" ]; then
        cd "$(dirname "$archive")" && pwd
        exit 0
    fi
done
echo "satchel: no compiled RocksDB under $target/debug: run cargo build first" >&2
exit 1
