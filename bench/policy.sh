#!/usr/bin/env bash
# Builds the benchmark of policy gradients and writes it beside a plain loop of PyTorch to
# docs/results/policy.md. PYTHON (python3) has torch and transformers; FIGURES names the program if it
# is built already. Both run in turns, ROUNDS times (3), on one thread. Times are of the processor.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
rounds=${ROUNDS:-3}
"$python" -c 'import torch, transformers' || {
  echo "policy.sh: set PYTHON to a Python that has torch and transformers" >&2
  exit 1
}
machine="$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
load=$(cut -d ' ' -f 1 /proc/loadavg)
if [ -z "${FIGURES:-}" ]; then
  cmake --preset release >&2
  cmake --build --preset release --target figures >&2
fi
figures=${FIGURES:-build/bench/figures}
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

# seconds FILE: "sampling update" of each round.
seconds() { sed -n 's/.*[ :]\([0-9.]*\) s of sampling and \([0-9.]*\) s of update.*/\1 \2/p' "$1"; }
middle() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }

ours=$(mktemp) loop=$(mktemp) new=$(mktemp -p docs/results .policy.XXXXXX)
trap 'rm -f "$ours" "$loop" "$new"' EXIT
for _ in $(seq "$rounds"); do
  "$figures" --only-policy --steps 5 >>"$ours"
  "$python" bench/policy_loop.py organisms/faker 3 >>"$loop"
done
{
  echo "# A step of policy gradient beside a plain loop of PyTorch"
  echo
  echo "    bench/policy.sh"
  echo
  echo "$(date -u +%Y-%m-%d), $(git describe --always --dirty), $machine, load at the start $load. One" \
    "thread, seconds of the processor, $rounds rounds in turns. The loop: $(sed 's/:.*//' "$loop" | head -n 1)."
  # The share of the rate of products is left to bench/run.sh: it needs a quiet machine.
  sed -n '/^Steps on/p' "$ours" | head -n 1 | sed 's/^/\n/; s/ One thread:.*//'
  echo
  echo "| seconds a step | iago | the loop | ratio, median of the rounds | aim |"
  echo "|---|---|---|---|---|"
  for part in sampling update; do
    field=$([ "$part" = sampling ] && echo 1 || echo 2)
    a=$(seconds "$ours" | cut -d ' ' -f "$field" | middle)
    b=$(seconds "$loop" | cut -d ' ' -f "$field" | middle)
    ratio=$(paste <(seconds "$ours") <(seconds "$loop") | tr '\t' ' ' |
      awk -v f="$field" '{ printf "%.2f\n", $(f + 2) / $f }' | middle)
    echo "| $part | $a | $b | $ratio | - |"
  done
  ratio=$(paste <(seconds "$ours") <(seconds "$loop") | tr '\t' ' ' |
    awk '{ printf "%.2f\n", ($3 + $4) / ($1 + $2) }' | middle)
  echo "| together | | | $ratio | at least 3 |"
} | tee "$new"
chmod 644 "$new"
mv "$new" docs/results/policy.md
