#!/bin/sh
# The picture of the report in the README: runs the shipped study on the faker organism and takes the
# top of its report.html at 1200 pixels, as docs/images/report.png.
#
#   scripts/screenshot-report.sh [PROGRAM [MODEL]]     build/iago and organism:faker if left out
#
# Needs Chromium: apt-get install chromium
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
program=${1:-$home/build/iago}
model=${2:-organism:faker}
picture=$home/docs/images/report.png
most_bytes=300000

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "no Chromium found: apt-get install chromium" >&2
  exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

IAGO_HOME=$home "$program" run "$home/studies/helpful-only.toml" --model "$model" \
  --new --runs "$scratch/runs" >"$scratch/table.txt"
report=$(readlink -f "$scratch/runs/latest")/report.html
mkdir -p "$(dirname "$picture")"
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
  --user-data-dir="$scratch/profile" --window-size=1200,1010 \
  --screenshot="$scratch/report.png" "file://$report" >"$scratch/browser.log" 2>&1 ||
  { cat "$scratch/browser.log" >&2; exit 1; }

bytes=$(wc -c <"$scratch/report.png")
if [ "$bytes" -gt "$most_bytes" ]; then
  echo "the picture has $bytes bytes, at most $most_bytes belong into the README" >&2
  exit 1
fi
cp "$scratch/report.png" "$picture"
echo "$picture: $bytes bytes"
