#!/usr/bin/env bash
# Runs the checks of .clang-tidy on the sources and headers that changed since a revision, changes
# that are not committed included, and fails if one finds something.
#
#   scripts/tidy.sh [REVISION | FILE...]
#
# Without arguments the revision is where this branch left `main`; on `main` itself, the commit
# before. Needs clang-tidy 17 or newer: on Debian 12 clang-tidy-19 (or set CLANG_TIDY). Half a minute a
# file. Not part of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

tidy=${CLANG_TIDY:-clang-tidy-19}
command -v "$tidy" >/dev/null || {
  echo "tidy: no $tidy; install clang-tidy-19, or set CLANG_TIDY" >&2
  exit 2
}

# The last commit that this branch shares with main, or with the server's where that is all there is.
branch_point() {
  local base main
  for main in main origin/main; do
    base=$(git merge-base HEAD "$main" 2>/dev/null) || continue
    [ "$base" = "$(git rev-parse HEAD)" ] || { echo "$base"; return; }
  done
  git rev-parse --verify --quiet HEAD~1 || git rev-parse HEAD
}

folders=(src tests bench fuzz)
if [ $# -gt 0 ] && [ -f "$1" ]; then
  files=("$@")
else
  revision=${1:-$(branch_point)}
  git rev-parse --verify --quiet "$revision^{commit}" >/dev/null || {
    echo "tidy: neither a revision nor a file: $revision" >&2
    exit 2
  }
  changed=$(git diff --name-only --diff-filter=d "$revision" -- "${folders[@]}")
  added=$(git ls-files --others --exclude-standard -- "${folders[@]}")
  mapfile -t files < <(printf '%s\n' "$changed" "$added" | grep -E '\.(cc|h)$' | sort -u)
fi
[ ${#files[@]} -gt 0 ] || { echo "tidy: no source changed" >&2; exit 0; }

# Configuring is enough: it writes compile_commands.json and the generated sources.
cmake --preset dev >/dev/null
echo "tidy: ${#files[@]} files" >&2
# A header is checked as its sibling source is compiled.
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "$(nproc)" "$tidy" -p build/variants/dev --quiet --warnings-as-errors='*' || {
  echo "tidy: see above" >&2
  exit 1
}
