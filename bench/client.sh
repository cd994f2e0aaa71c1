#!/usr/bin/env bash
# Builds the benchmark of the client of endpoints and writes its figures to docs/results/client.md.
# OpenAI's Python client is installed into the build folder; where it cannot be, its rows are left
# out. Takes some six minutes; what else the machine does meanwhile spoils requests/s first.
# Arguments go to `client`.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset release >&2
cmake --build --preset release --target client >&2

python=build/openai_client/bin/python3
if ! "$python" -c 'import openai' 2>/dev/null; then
  { python3 -m venv build/openai_client &&
    "$python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 \
      'openai>=1.40,<3'; } >&2 || true
fi
versions="not installed"
client=(build/bench/client)
if "$python" -c 'import openai' 2>/dev/null; then
  client+=(--python "$PWD/$python")
  versions=$("$python" -c 'import openai, httpx, platform
print("openai", openai.__version__, "httpx", httpx.__version__,
      "Python", platform.python_version())')
fi

machine="$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
mkdir -p docs/results
new=$(mktemp -p docs/results .client.XXXXXX)
trap 'rm -f "$new"' EXIT
{
  echo "# The client of endpoints"
  echo
  echo "    bench/client.sh${*:+ $*}"
  echo
  echo "$(date -u +%Y-%m-%d), $(git describe --always --dirty), $machine, load at the start" \
    "$(cut -d ' ' -f 1 /proc/loadavg). The Python client: $versions."
  echo
  "${client[@]}" "$@"
} | tee "$new"
chmod 644 "$new"
mv "$new" docs/results/client.md
