#!/bin/sh
# build/page.sh OUTDIR
# Makes the page of hitless-web from src/Hitless.Web/Page: fetches the packages of its lock file, checks the types, and leaves one bundle with its
# style sheet and the other files in OUTDIR, compressed (NAME.gz), for the program to embed. Runs no script of any package.
set -eu
[ $# -eq 1 ] || { echo "usage: build/page.sh OUTDIR" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
page=$root/src/Hitless.Web/Page
command -v npm >/dev/null || { echo "build/page.sh: npm is missing; install with: sudo apt-get install -y nodejs npm" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$out/work

# The sources are built beside the packages, not in the checkout.
mkdir -p "$work"
rm -rf "$work/src"
cp -R "$page/src" "$work/src"
cp "$page/tsconfig.json" "$page/package.json" "$work/"
if ! cmp -s "$page/package-lock.json" "$work/installed-lock.json"; then
    cp "$page/package-lock.json" "$work/"
    (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
    cp "$page/package-lock.json" "$work/installed-lock.json"
fi
cd "$work"
node_modules/.bin/tsc --noEmit -p tsconfig.json
node_modules/.bin/esbuild src/app.tsx --bundle --minify --target=es2022 --format=esm --charset=utf8 --jsx=automatic --jsx-import-source=preact \
    --legal-comments=none --log-level=warning --outfile=app.js
node_modules/.bin/esbuild src/app.css --bundle --minify --log-level=warning --outfile=app.css
cp "$page/index.html" "$page/favicon.svg" .
for file in index.html app.js app.css favicon.svg; do gzip -9nc "$file" >"$out/$file.gz"; done
