#!/usr/bin/env bash
# Prints the path of Debian's kubectl (package kubernetes-client), fetching it into .build/kubectl when it is not
# there. The package is unpacked rather than installed, so that another kubectl on the machine stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$PWD/.build/kubectl"
if [ ! -x "$folder/usr/bin/kubectl" ]; then
    if ! command -v apt-get >/dev/null; then
        echo "kubectl tests use Debian's package kubernetes-client, and this machine has no apt-get." >&2
        exit 1
    fi
    mkdir -p "$folder"
    cd "$folder"
    if ! apt-get download kubernetes-client >download.log 2>&1; then
        if [ "$(id -u)" -ne 0 ]; then
            echo "apt-get cannot download kubernetes-client yet. Run this line, then try again: sudo apt-get update" >&2
            exit 1
        fi
        apt-get update >update.log 2>&1
        apt-get download kubernetes-client >download.log 2>&1 || { cat download.log >&2; exit 1; }
    fi
    dpkg-deb -x kubernetes-client_*.deb .
fi
echo "$folder/usr/bin/kubectl"
