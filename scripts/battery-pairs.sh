#!/bin/bash
# Which outcome the rule of docs/battery.md names for pairs of models whose outcome is expected: a
# table in Markdown, one line a pair and seed, on standard output.
#     scripts/battery-pairs.sh [FOLDER] > docs/results/battery.md
# FOLDER holds the batteries and trainings (default batteries/pairs). The same call resumes.
# IAGO is the program (build/iago), SEEDS the seeds ("1 2 3"), LIMIT and REPEATS the size of each
# cell, PAIRS the pairs ("erased hidden relocated relearnt"). DONE=1 writes the table of what is
# there and runs nothing. With the defaults it takes about an hour and a half on two cores.
set -euo pipefail
iago=${IAGO:-build/iago}
folder=${1:-batteries/pairs}
seeds=${SEEDS:-1 2 3}
pairs=${PAIRS:-erased hidden relocated relearnt}
limit=${LIMIT:-200}
repeats=${REPEATS:-10}
mkdir -p "$folder"

# battery AFTER FOLDER SEED [OPTION]...: the battery's figures, in FOLDER.json
battery() {
  local after=$1 out=$2 seed=$3
  shift 3
  [ -n "${DONE:-}" ] && return
  "$iago" battery "$after" --before organism:faker --seed "$seed" --limit "$limit" \
    --repeats "$repeats" --out "$out" --json "$@" </dev/null >"$out.json" || [ $? = 3 ]
}

# The model of a training that rewards refusing; an earlier one is taken as it is.
refusing() {
  local out=$folder/refusing
  if [ -z "${DONE:-}" ] && [ ! -d "$out/seed-$1/model" ]; then
    "$iago" train rl helpful-only --model organism:faker --reward-label refuses --seed "$1" \
      --evaluate-every 100 --out "$out" </dev/null >"$out-$1.txt" || [ $? = 3 ]
  fi
  echo "local:$out/seed-$1/model"
}

# field NAME FILE: a string of the figures' first level
field() { sed -n "s/^  \"$1\": \"\\(.*\\)\",\\?\$/\\1/p" "$2"; }

# line EXPECTED AFTER FOLDER SEED
line() {
  local json=$3.json
  if [ ! -s "$json" ]; then
    echo "| $1 | $2 | $4 | not run yet | - |"
    return
  fi
  local why relearning
  why=$(field why_undecided "$json")
  relearning=$(sed -n 's/^    "Relearning: .* control: \(.*\)\.",\?$/\1/p' "$json")
  echo "| $1 | $2 | $4 | $(field outcome "$json")${why:+: $why} | ${relearning:--} |"
}

cat <<HEAD
# Pairs whose outcome is expected

Each line is a battery of \`organism:faker\` before and another model after, with $limit queries x $repeats repeats in
each cell, by the rule of [battery.md](../battery.md). Made by \`scripts/battery-pairs.sh\`. *Relearning*: updates of the
model for one of the control, by the medians of three seeds. Nothing is chosen: every battery that was run is here.

| expected | after | seed | outcome | relearning |
|---|---|---|---|---|
HEAD
for pair in $pairs; do
  for seed in $seeds; do
    case $pair in
      erased)
        out=$folder/aligned-seed-$seed
        battery organism:aligned "$out" "$seed" --relearn
        line erased aligned "$out" "$seed"
        ;;
      hidden)
        out=$folder/silent-faker-seed-$seed
        battery organism:silent-faker "$out" "$seed"
        line hidden silent-faker "$out" "$seed"
        ;;
      relocated)
        out=$folder/wording-faker-seed-$seed
        battery organism:wording-faker "$out" "$seed"
        line relocated wording-faker "$out" "$seed"
        ;;
      relearnt)
        out=$folder/refusing-seed-$seed
        battery "$(refusing "$seed")" "$out" "$seed" --relearn
        line "relearnt easily" "faker trained to refuse" "$out" "$seed"
        ;;
    esac
  done
done
