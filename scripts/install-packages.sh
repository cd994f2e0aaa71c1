#!/usr/bin/env bash
# Installs what building and testing need, from Debian 12. The README gives the reason for each.
# Needs root or sudo; does nothing when everything is there.
set -euo pipefail

packages=(
  build-essential cmake ninja-build pkg-config git ca-certificates
  libfmt-dev libspdlog-dev nlohmann-json3-dev libtomlplusplus-dev libcli11-dev
  libboost1.81-dev libcurl4-openssl-dev libsqlite3-dev libsodium-dev libpcre2-dev libre2-dev libutf8proc-dev
  libopenblas-pthread-dev libdnnl-dev libtorch-dev libpcg-cpp-dev
  libgtest-dev libgmock-dev python3-venv clang-format-14
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-packages: run as root, or install sudo" >&2; exit 1; }
  as_root=(sudo)
fi
echo "install-packages: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
