#!/usr/bin/env bash
# Formats every source of src, tests, bench and fuzz with clang-format 14 (others place some lines
# elsewhere). With --check nothing is written: prints the files that differ, one a line, and fails if
# there is one. That is the test `format_test`.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v clang-format-14 >/dev/null || {
  echo "format: no clang-format-14; scripts/install-packages.sh installs it" >&2
  exit 2
}
sources() { find src tests bench fuzz -name '*.h' -print0 -o -name '*.cc' -print0; }

case ${1:-} in
  "")
    sources | xargs -0 -n 40 -P "$(nproc)" clang-format-14 -i
    ;;
  --check)
    # The first complaint of each file is enough, and clang-format names the file in it.
    complaints=$(sources | xargs -0 -n 40 -P "$(nproc)" \
      clang-format-14 --dry-run -Werror --ferror-limit=1 2>&1) || {
      files=$(sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: error: .*/\1/p' <<<"$complaints" | sort -u)
      echo "${files:-$complaints}"
      echo "format: the files above differ from .clang-format; scripts/format.sh formats them" >&2
      exit 1
    }
    ;;
  *)
    echo "usage: scripts/format.sh [--check]" >&2
    exit 2
    ;;
esac
