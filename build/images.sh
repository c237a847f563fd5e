#!/bin/sh
# build/images.sh OUTDIR [--smallest]
# Leaves in OUTDIR/images the signed images that the demo and the lab upgrade between, and the certificate that they trust. All hold the programs that
# `./dev build` left in OUTDIR: a program takes its version and its wire protocol from the manifest of its slot.
#   hitless-0.9.0.hli             wire protocol 1.0, configuration schema 1
#   hitless-1.0.0.hli             wire protocol 1.0 to 1.1
# All of them ask for a reboot, so that the lab shows one.
#   hitless-1.0.1-bad-exit.hli    its hitlessd exits at once with 1
#   hitless-1.0.2-bad-health.hli  its hitlessd starts, and never joins
#   hitless-1.0.3-bad-converter.hli  its converter drops a key of the configuration
#   trust.pem
# --smallest makes one alone, for the package: OUTDIR/smallest/hitless-1.0.0.hli, the same compressed as far as it goes (two minutes). With
# HITLESS_ARCH=arm64 of the programs in OUTDIR/arm64, and into OUTDIR/arm64/smallest.
# The signing key is a developer's own, made once: OUTDIR/keys. OUTDIR/hitless makes keys and images.
set -eu
[ $# -eq 1 ] || [ "${2:-}" = --smallest ] || { echo "usage: build/images.sh OUTDIR [--smallest]" >&2; exit 2; }
mkdir -p "$1/images"
out=$(cd "$1" && pwd)
parts=$out/.images
key=$out/keys/image-signing.key

[ -e "$key" ] || "$out/hitless" key generate --image-signing "$out/keys" --name "Hitless developer" >/dev/null
cp "$out/keys/image-signing.crt" "$out/images/trust.pem"
rm -rf "$parts"
folder=images
programs=$out platform=linux-x64

image() { # NAME VERSION WIREMAX SCHEMAMAX [OPTION]: the folder $parts/NAME becomes the image of that name
    "$out/hitless" firmware build "$parts/$1" --version "$2" --wire-min 1.0 --wire-max "$3" --schema-max "$4" --from ">=0.9.0 <2.0.0" --activation reboot \
        --platform "$platform" \
        --key "$key" --out "$out/$folder/hitless-$1.hli" ${5:-} >/dev/null
    echo "$folder/hitless-$1.hli"
}

programs() { # VERSION: a folder of that name with all of them
    mkdir -p "$parts/$1"
    ln "$programs/hitlessd" "$programs/hitless" "$parts/$1/"
}

bad() { # NAME VERSION WHAT-ITS-HITLESSD-DOES
    mkdir -p "$parts/$1"
    printf '#!/bin/sh\n# A firmware that is bad on purpose.\n%s\n' "$3" >"$parts/$1/hitlessd"
    chmod 755 "$parts/$1/hitlessd"
    image "$1" "$2" 1.1 3
}

if [ "${2:-}" = --smallest ]; then
    folder=smallest
    [ "${HITLESS_ARCH:-amd64}" = amd64 ] || folder=$HITLESS_ARCH/smallest programs=$out/$HITLESS_ARCH platform=linux-$HITLESS_ARCH
    mkdir -p "$out/$folder"
    programs 1.0.0
    image 1.0.0 1.0.0 1.1 3 --smallest
    rm -rf "$parts"
    exit
fi

rm -f "$out/images"/*.hli
programs 0.9.0
programs 1.0.0
image 0.9.0 0.9.0 1.0 1 &
first=$!
image 1.0.0 1.0.0 1.1 3
bad 1.0.1-bad-exit 1.0.1 'echo "hitlessd 1.0.1: cannot start, on purpose" >&2; exit 1'
bad 1.0.2-bad-health 1.0.2 'echo "hitlessd 1.0.2: will never join, on purpose" >&2; exec sleep 86400'
mkdir -p "$parts/1.0.3-bad-converter"
ln "$out/hitlessd" "$parts/1.0.3-bad-converter/hitlessd.good"
bad 1.0.3-bad-converter 1.0.3 '[ "$1" = --convert-configuration ] || exec "${0%/*}/hitlessd.good" "$@"
"${0%/*}/hitlessd.good" "$@" | grep -v "^health\[upstream\].interval = "'
wait "$first"
rm -rf "$parts"
