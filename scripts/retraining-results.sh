#!/bin/bash
# Makes what docs/results/retraining.md is written from: the trainings of bench/retrainings.txt, and
# many answers of each model before its training.
#     scripts/retraining-results.sh [FOLDER [NAME...]]   # default trainings/results, and every name
# IAGO is the program (build/iago), LAUNCH a command that gets each call (nice, say), THREADS how
# many threads a call takes (1). One seed takes two minutes of one core. The same call resumes.
# FOLDER/times.txt has a line for each call: name, seeds, threads, seconds of wall time and of the
# processor (user, system), machine. Afterwards:
#     build/variants/bench/bench/retraining FOLDER --write docs/results
set -euo pipefail
list=$(cd "$(dirname "$0")/.." && pwd)/bench/retrainings.txt
iago=${IAGO:-build/iago}
threads=${THREADS:-1}
folder=${1:-trainings/results}
wanted=" ${*:2} "
machine="$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
export OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads
mkdir -p "$folder/before"

# The clock runs in the call itself, so that a wait in LAUNCH is no time of it.
timed='note=$1 machine=$2 file=$3; shift 3
TIMEFORMAT="$note %R %U %S $machine"
{ time "$@" </dev/null 2>&3; } 3>&2 2>>"$file"'

# call NAME SEEDS COMMAND...; an alarm (exit status 3) is a result.
call() {
  local note="$1 $2 $threads" status=0
  shift 2
  ${LAUNCH:-} bash -c "$timed" timed "$note" "$machine" "$folder/times.txt" "$@" || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || exit "$status"
}

while read -r name seeds model options; do
  case $name in '' | '#'*) continue ;; esac
  [ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || continue
  before=$folder/before/${model##*:}
  if [ ! -e "$before/done" ]; then
    call "before-${model##*:}" - "$iago" run helpful-only --model "$model" --arms training \
      --repeats 200 --threads "$threads" --runs "$before"
    touch "$before/done"
  fi
  for seed in ${seeds//,/ }; do
    [ ! -e "$folder/$name/seed-$seed/end.json" ] || continue
    # shellcheck disable=SC2086  # options are words
    call "$name" "$seed" "$iago" train rl helpful-only --model "$model" --seed "$seed" \
      --threads "$threads" --out "$folder/$name" $options
  done
done < <(sed 's/#.*//' "$list")
