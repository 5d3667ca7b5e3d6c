#!/bin/bash
# tests/golden/run.sh BUILD_FOLDER: payloads against their expectations, byte for byte (tests/unit/test_golden.c).
set -u
cd "$(dirname "$0")/../.." || exit 2
exec "$1/unit/test_golden"
