#!/usr/bin/env bash
# Installs packages, builds everything, runs every test: first the whole program with its benchmarks
# in small, then all that does without LibTorch once more under the address and undefined-behaviour
# sanitizers, with the fuzz targets over their seeds, last the tests that are about threads under the
# thread sanitizer.
set -euo pipefail
cd "$(dirname "$0")"
scripts/install-packages.sh

# Tests write many small stores, and each commit of one is an fsync: in memory, if there is room
# and programs may be started from there.
if [[ -z ${TMPDIR:-} && -w /dev/shm ]] &&
  ! grep -Eq '^[^ ]+ /dev/shm [^ ]+ [^ ]*noexec' /proc/mounts &&
  (($(df --output=avail -k /dev/shm | tail -n 1) > 4000000)); then
  export TMPDIR=/dev/shm
fi

for preset in release asan tsan; do
  cmake --preset "$preset"
  cmake --build --preset "$preset"
  ctest --preset "$preset"
done
