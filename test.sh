#!/usr/bin/env bash
# Installs packages, builds everything, runs every test: first the whole program, then all that does
# without LibTorch once more under the address and undefined-behaviour sanitizers.
set -euo pipefail
cd "$(dirname "$0")"
scripts/install-packages.sh

cmake -S . -B build -G Ninja
cmake --build build
ctest --test-dir build --output-on-failure --no-tests=error -j 2

cmake -S . -B build/variants/sanitized -G Ninja -DIAGO_TORCH=OFF \
  -DIAGO_SANITIZE=address,undefined
cmake --build build/variants/sanitized
ctest --test-dir build/variants/sanitized --output-on-failure --no-tests=error -j 2
