#!/usr/bin/env bash
# Builds every fuzz target and runs each for a number of seconds (60 by default) from its seeds. What is
# new in a corpus stays in build/variants/fuzz/corpus; a crash ends the script and names its input.
# Needs clang 16 or newer with libFuzzer: on Debian 12 clang-19 and libclang-rt-19-dev; with llvm-19
# the stack of a crash has names.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
build=build/variants/fuzz
compiler=${CXX:-clang++-19}
command -v "$compiler" >/dev/null || {
  echo "fuzz: no $compiler; install clang-19 and libclang-rt-19-dev, or set CXX" >&2
  exit 1
}
cmake --preset fuzz -DCMAKE_CXX_COMPILER="$compiler" >&2
targets=()
for source in fuzz/*_fuzz.cc; do targets+=("$(basename "$source" .cc)"); done
cmake --build --preset fuzz --target "${targets[@]}" >&2

symbolizer=$(command -v llvm-symbolizer-19 || true)
[ -z "$symbolizer" ] || export ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-$symbolizer}
for target in "${targets[@]}"; do
  seeds=fuzz/corpus/${target%_fuzz}
  found=$build/corpus/${target%_fuzz}
  mkdir -p "$found"
  folders=("$found")
  [ -d "$seeds" ] && folders+=("$seeds")
  "$build/fuzz/$target" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=4096 -timeout=30 \
    -artifact_prefix="$build/$target-" -print_final_stats=1 "${folders[@]}" >"$build/$target.log" 2>&1 || {
    tail -n 40 "$build/$target.log" >&2
    echo "fuzz: $target found something: $build/$target-*" >&2
    exit 1
  }
  # Executions, coverage, features, executions a second.
  echo "$target: $(grep -E '^#[0-9]+.*DONE' "$build/$target.log" | tr -s '\t ' ' ')"
done
