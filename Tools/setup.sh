#!/usr/bin/env bash
# Installs what building and running Tidemill needs and this machine lacks. Prints nothing when nothing is missing.
set -euo pipefail

if ! command -v swift >/dev/null; then
    echo "Tidemill is built with Swift 6.2 or newer, and no 'swift' is on your PATH: install a toolchain from swift.org and run this again." >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
if [ -z "$version" ] || [ "$(printf '%s\n6.2\n' "$version" | sort -V | head -n 1)" != "6.2" ]; then
    echo "Tidemill needs Swift 6.2 or newer, and 'swift --version' says ${version:-nothing that we understand}: install a newer toolchain from swift.org." >&2
    exit 1
fi

missing=()
has_file() { compgen -G "$1" >/dev/null; }
has_file '/usr/include/sqlite3.h' || missing+=(libsqlite3-dev)
has_file '/usr/lib/*/libnuma.so.1*' || has_file '/lib/*/libnuma.so.1*' || missing+=(libnuma1)
for tool in git make gcc; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]} (Debian's names). Install them with this system's package tool and run this again." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Missing: ${missing[*]}. Run this line, then try again:" >&2
    echo "    sudo apt-get update && sudo apt-get install -y ${missing[*]}" >&2
    exit 1
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt could not install ${missing[*]}; its last words are above." >&2
    exit 1
fi
rm -f "$log"
