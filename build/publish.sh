#!/bin/sh
# build/publish.sh OUTDIR [PROGRAM…]
# Compiles native programs for linux-x64 into OUTDIR, with their symbols apart in OUTDIR/symbols.
# PROGRAM is a project of src/ without "Hitless."; default: Daemon Cli Boot Lab. (Web is
# asked for by ./dev build and ./dev package: it needs npm, and the demo does without.)
set -eu
[ $# -ge 1 ] || { echo "usage: build/publish.sh OUTDIR [PROGRAM...]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1/symbols"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- Daemon Cli Boot Lab
programs=$(echo "$*" | tr ' ' '+')
dotnet msbuild "$root/build/publish.proj" -nologo -v:m -m:2 -nr:true -p:Programs="$programs" -p:ArtifactsPath="${HITLESS_ARTIFACTS:-$root/out/.obj}" -p:OutFolder="$out"
find "$out" -maxdepth 1 -name '*.dbg' -exec mv -t "$out/symbols" {} +
# What a service manager starts them by.
install -m 644 "$root"/build/systemd/* "$out"
rm -f "$out"/Hitless.*.pdb
