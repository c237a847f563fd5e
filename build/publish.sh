#!/bin/sh
# build/publish.sh VERSION WIREMINOR OUTDIR [PROGRAM…]
# Publishes self-contained, ReadyToRun, single-file programs for linux-x64 into OUTDIR.
# PROGRAM is a project of src/ without "Hitless."; default: Daemon Cli Boot Lab.
set -eu
[ $# -ge 3 ] || { echo "usage: build/publish.sh VERSION WIREMINOR OUTDIR [PROGRAM...]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
version=$1 wire=$2
mkdir -p "$3"
out=$(cd "$3" && pwd)
shift 3
[ $# -gt 0 ] || set -- Daemon Cli Boot Lab
programs=$(echo "$*" | tr ' ' '+')
exec dotnet msbuild "$root/build/publish.proj" -nologo -v:m -m:2 -nr:true \
    -p:Programs="$programs" -p:HitlessVersion="$version" -p:HitlessWireMinor="$wire" \
    -p:ArtifactsPath="${HITLESS_ARTIFACTS:-$root/out/.obj}/$version-$wire" -p:OutFolder="$out"
