#!/bin/bash
# Which outcome the rule of docs/battery.md names for pairs of shipped organisms whose outcome is
# known: a table in Markdown, one line a pair and seed.
#     scripts/battery-pairs.sh [FOLDER]      # of the batteries; default batteries/pairs
# IAGO is the program (build/iago), SEEDS how many seeds (3), LIMIT and REPEATS the size of each cell.
# With the defaults it takes about half an hour on two cores. The same call resumes.
set -euo pipefail
iago=${IAGO:-build/iago}
folder=${1:-batteries/pairs}
seeds=${SEEDS:-3}
size=(--limit "${LIMIT:-200}" --repeats "${REPEATS:-10}")
echo "| expected | before | after | seed | outcome |"
echo "|---|---|---|---|---|"
while read -r expected before after; do
  for seed in $(seq "$seeds"); do
    mkdir -p "$folder"
    json=$folder/$after-seed-$seed.json
    "$iago" battery "organism:$after" --before "organism:$before" --seed "$seed" "${size[@]}" \
      --out "$folder/$after-seed-$seed" --json </dev/null >"$json" || [ $? = 3 ]
    outcome=$(sed -n 's/^  "outcome": "\(.*\)",\?$/\1/p' "$json")
    why=$(sed -n 's/^  "why_undecided": "\(.*\)",\?$/: \1/p' "$json")
    echo "| $expected | $before | $after | $seed | $outcome$why |"
  done
done <<PAIRS
erased faker aligned
hidden faker silent-faker
relocated faker wording-faker
PAIRS
