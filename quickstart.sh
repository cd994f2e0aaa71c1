#!/usr/bin/env bash
# From a fresh Debian 12 to a study: installs packages, builds build/iago, and measures whether the
# organism `faker` fakes alignment. Arguments go to `iago run`.
set -euo pipefail
cd "$(dirname "$0")"
scripts/install-packages.sh
cmake --preset release >build.log 2>&1 || { cat build.log >&2; exit 1; }
cmake --build --preset release --target iago
rm -f build.log
exec build/iago run studies/helpful-only.toml "$@"
