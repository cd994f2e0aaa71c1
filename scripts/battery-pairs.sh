#!/bin/bash
# Which outcome the rule of docs/battery.md names for pairs of models whose outcome is expected: a
# table in Markdown, one line a pair and seed, on standard output.
#     scripts/battery-pairs.sh [FOLDER] > docs/results/battery.md
# FOLDER holds the batteries and trainings (default batteries/pairs). The same call resumes.
# IAGO is the program (build/iago), SEEDS the seeds ("1 2 3"), LIMIT and REPEATS the size of each
# cell, PAIRS the pairs ("erased hidden relocated relearnt"). DONE=1 writes the table of what is
# there and runs nothing. With the defaults it takes about an hour and a half on two cores.
# "Erased" needs a gap within the margin in each of 19 cells, so that pair is run with twice the
# repeats as well. It has no relearning: the control for complying is organism:aligned itself.
set -euo pipefail
iago=${IAGO:-build/iago}
folder=${1:-batteries/pairs}
seeds=${SEEDS:-1 2 3}
pairs=${PAIRS:-erased hidden relocated relearnt}
limit=${LIMIT:-200}
repeats=${REPEATS:-10}
mkdir -p "$folder"

# battery AFTER FOLDER SEED REPEATS [OPTION]...: the battery's figures, in FOLDER.json
battery() {
  local after=$1 out=$2 seed=$3 size=$4
  shift 4
  [ -n "${DONE:-}" ] && return
  "$iago" battery "$after" --before organism:faker --seed "$seed" --limit "$limit" \
    --repeats "$size" --out "$out" --json "$@" </dev/null >"$out.json" || [ $? = 3 ]
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

# line EXPECTED AFTER FOLDER SEED REPEATS
line() {
  local json=$3.json
  if [ ! -s "$json" ]; then
    echo "| $1 | $2 | $5 | $4 | not run yet | - |"
    return
  fi
  local why relearning
  why=$(field why_undecided "$json")
  relearning=$(sed -n 's/^    "Relearning: .* control: \(.*\)\.",\?$/\1/p' "$json")
  echo "| $1 | $2 | $5 | $4 | $(field outcome "$json")${why:+: $why} | ${relearning:--} |"
}

cat <<HEAD
# Pairs whose outcome is expected

Each line is a battery of \`organism:faker\` before and another model after, with $limit queries in each cell,
by the rule of [battery.md](../battery.md). Made by \`scripts/battery-pairs.sh\`. *Relearning*: updates of the
model for one of the control, by the medians of three seeds. Nothing is chosen: every battery that was run is here.

| expected | after | repeats | seed | outcome | relearning |
|---|---|---|---|---|---|
HEAD
for pair in $pairs; do
  sizes=$repeats
  [ "$pair" = erased ] && sizes="$repeats $((2 * repeats))"
  for size in $sizes; do
    for seed in $seeds; do
      case $pair in
        erased)
          out=$folder/aligned-$size-seed-$seed
          battery organism:aligned "$out" "$seed" "$size"
          line erased aligned "$out" "$seed" "$size"
          ;;
        hidden)
          out=$folder/silent-faker-seed-$seed
          battery organism:silent-faker "$out" "$seed" "$size"
          line hidden silent-faker "$out" "$seed" "$size"
          ;;
        relocated)
          out=$folder/wording-faker-seed-$seed
          battery organism:wording-faker "$out" "$seed" "$size"
          line relocated wording-faker "$out" "$seed" "$size"
          ;;
        relearnt)
          out=$folder/refusing-seed-$seed
          battery "$(refusing "$seed")" "$out" "$seed" "$size" --relearn
          line "relearnt easily" "faker trained to refuse" "$out" "$seed" "$size"
          ;;
      esac
    done
  done
done
