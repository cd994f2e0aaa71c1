#!/usr/bin/env bash
# defines_nothing_shared.sh NM OBJECT...
# Fails if an object defines a symbol that the linker merges with equal ones of other objects (weak
# or unique), and prints it.
set -euo pipefail

nm=$1
shift
if "$nm" -C --defined-only "$@" | grep -E ' [WwVvu] '; then
  echo "the symbols above are shared with objects compiled for other processors" >&2
  exit 1
fi
