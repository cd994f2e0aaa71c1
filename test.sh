#!/usr/bin/env bash
# Installs packages, builds everything, runs every test: first the whole program with its benchmarks
# in small, then all that does without LibTorch once more under the address and undefined-behaviour
# sanitizers, with the fuzz targets over their seeds, last the tests that are about threads under the
# thread sanitizer.
set -euo pipefail
cd "$(dirname "$0")"
scripts/install-packages.sh

for preset in release asan tsan; do
  cmake --preset "$preset"
  cmake --build --preset "$preset"
  ctest --preset "$preset"
done
