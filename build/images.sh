#!/bin/sh
# build/images.sh OUTDIR
# Leaves in OUTDIR/images the signed images that the demo and the lab upgrade between, and the certificate that they trust:
#   hitless-1.0.0.hli             wire protocol 1.0
#   hitless-1.1.0.hli             wire protocol 1.0 to 1.1
#   hitless-1.1.1-bad-exit.hli    its hitlessd exits at once with 1
#   hitless-1.1.2-bad-health.hli  its hitlessd starts, and never joins
#   trust.pem
# The signing key is a developer's own, made once: OUTDIR/keys. OUTDIR/hitless (./dev build) makes keys and images.
set -eu
[ $# -eq 1 ] || { echo "usage: build/images.sh OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/images"
out=$(cd "$1" && pwd)
parts=$out/.images
key=$out/keys/image-signing.key

[ -x "$out/hitless" ] || { echo "build/images.sh: $out/hitless is missing; run ./dev build first" >&2; exit 1; }

[ -e "$key" ] || "$out/hitless" key generate --image-signing "$out/keys" --name "Hitless developer" >/dev/null
cp "$out/keys/image-signing.crt" "$out/images/trust.pem"
rm -f "$out/images"/*.hli
rm -rf "$parts"

image() { # NAME VERSION WIREMAX: the folder $parts/NAME becomes the image of that name
    "$out/hitless" firmware build "$parts/$1" --version "$2" --wire-min 1.0 --wire-max "$3" --from ">=1.0.0 <2.0.0" \
        --key "$key" --out "$out/images/hitless-$1.hli" >/dev/null
    echo "images/hitless-$1.hli"
}

good() { # VERSION WIREMINOR
    "$here/publish.sh" "$1" "$2" "$parts/$1" Daemon Cli >/dev/null
    image "$1" "$1" "1.$2"
}

bad() { # NAME VERSION WHAT-ITS-HITLESSD-DOES
    mkdir -p "$parts/$1"
    printf '#!/bin/sh\n# A firmware that is bad on purpose.\n%s\n' "$3" >"$parts/$1/hitlessd"
    chmod 755 "$parts/$1/hitlessd"
    image "$1" "$2" 1.1
}

good 1.0.0 0
good 1.1.0 1
bad 1.1.1-bad-exit 1.1.1 'echo "hitlessd 1.1.1: cannot start, on purpose" >&2; exit 1'
bad 1.1.2-bad-health 1.1.2 'echo "hitlessd 1.1.2: will never join, on purpose" >&2; exec sleep 86400'
rm -rf "$parts"
