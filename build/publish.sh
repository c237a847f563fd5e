#!/bin/sh
# build/publish.sh OUTDIR [PROGRAM…]
# Compiles native programs for linux-x64 into OUTDIR, with their symbols apart in OUTDIR/symbols; HITLESS_ARCH=arm64: for linux-arm64, by
# gcc's cross compiler.
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
case ${HITLESS_ARCH:-amd64} in
    amd64) target="-p:Rid=linux-x64 -p:Linker=gcc -p:ObjCopy=objcopy" objects=.obj ;;
    arm64) target="-p:Rid=linux-arm64 -p:Linker=$root/build/link-arm64 -p:ObjCopy=aarch64-linux-gnu-objcopy" objects=.obj-arm64 ;;
    *) echo "HITLESS_ARCH is amd64 or arm64, not $HITLESS_ARCH" >&2; exit 2 ;;
esac
dotnet msbuild "$root/build/publish.proj" -nologo -v:m -m:2 -nr:true -p:Programs="$programs" $target -p:ArtifactsPath="${HITLESS_ARTIFACTS:-$root/out/$objects}" -p:OutFolder="$out"
find "$out" -maxdepth 1 -name '*.dbg' -exec mv -t "$out/symbols" {} +
# What a service manager starts them by.
install -m 644 "$root"/build/systemd/* "$out"
rm -f "$out"/Hitless.*.pdb
