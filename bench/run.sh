#!/usr/bin/env bash
# Builds the benchmarks and writes every figure of speed and memory to docs/results/bench.md. Takes
# some minutes; what else the machine does meanwhile spoils it. Arguments go to `figures`.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset release >&2
cmake --build --preset release --target figures iago >&2

machine="$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
# LibTorch's BLAS takes its number of threads from the environment alone.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
mkdir -p docs/results
new=$(mktemp -p docs/results .bench.XXXXXX)
trap 'rm -f "$new"' EXIT
{
  echo "# Speed and memory"
  echo
  echo "    bench/run.sh${*:+ $*}"
  echo
  echo "$(date -u +%Y-%m-%d), $(git describe --always --dirty), $machine."
  echo
  (cd build && bench/figures "$@")
} | tee "$new"
chmod 644 "$new"
mv "$new" docs/results/bench.md
