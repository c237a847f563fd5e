#!/bin/bash
# build/package.sh OUTDIR [REPOSITORY]
# Makes OUTDIR/hitless_VERSION_amd64.deb of the programs that ./dev build left in OUTDIR, by debhelper, and has lintian look at it. Its image is
# OUTDIR/smallest/hitless-VERSION.hli where ./dev package has made one of these programs, else the quick one of OUTDIR/images.
# REPOSITORY: a folder that becomes a signed apt repository with it.
# The same programs give the same package, byte by byte: its times are those of the last commit.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: build/package.sh OUTDIR [REPOSITORY]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
out=$(cd "$1" && pwd)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
work=$out/.package/hitless-$version
tree=$work/tree
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf "$out/.package"
mkdir -p "$work" "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/lib/hitless" "$tree/lib/systemd/system" "$tree/usr/share/man/man1" \
    "$tree/usr/share/man/man8" "$tree/usr/share/doc/hitless"
cp -a "$root/build/package/debian" "$work/"
cp -a "$root/build/package/files/." "$tree/"
install -m 755 "$out/hitless" "$tree/usr/bin/"
install -m 755 "$out/hitless-boot" "$tree/usr/sbin/"
install -m 755 "$out/hitless-web" "$tree/usr/lib/hitless/"
image=$out/smallest/hitless-$version.hli
[ "$image" -nt "$out/hitlessd" ] && [ "$image" -nt "$out/hitless" ] || image=$out/images/hitless-$version.hli
install -m 644 "$image" "$out/images/trust.pem" "$tree/usr/lib/hitless/"
install -m 644 "$root"/build/systemd/* "$tree/lib/systemd/system/"
sed -i 's:/usr/local/sbin/:/usr/sbin/:' "$tree/lib/systemd/system/hitless.service"
cp -a "$root/docs" "$tree/usr/share/doc/hitless/"
install -m 644 "$root/README.md" "$root/CHANGELOG.md" "$tree/usr/share/doc/hitless/docs/"
"$root/build/sbom.sh" >"$tree/usr/share/doc/hitless/sbom.cdx.json"
"$out/hitless" manual >"$tree/usr/share/man/man1/hitless.1"
"$out/hitless-boot" --manual >"$tree/usr/share/man/man8/hitless-boot.8"
find "$tree" -type f ! -perm -100 -exec chmod 644 {} +

cat >"$work/debian/changelog" <<TEXT
hitless ($version) stable; urgency=medium

  * What a user notices stands in docs/CHANGELOG.md.

 -- Hitless developers <hitless@example.org>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
TEXT

(cd "$work" && dpkg-buildpackage --build=binary --unsigned-source --unsigned-changes >"$out/.package/log" 2>&1) || { cat "$out/.package/log" >&2; exit 1; }
deb=hitless_${version}_amd64.deb
mv "$out/.package/$deb" "$out/$deb"
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs,no-manual-page "$out/$deb"
printf '%s  %s bytes, %s KB installed\n' "$out/$deb" "$(stat -c %s "$out/$deb")" "$(dpkg-deb -f "$out/$deb" Installed-Size)"

[ $# -ge 2 ] || exit 0
mkdir -p "$2/pool" "$2/dists/stable/main/binary-amd64"
repository=$(cd "$2" && pwd)
cp "$out/$deb" "$repository/pool/"
export GNUPGHOME=$out/keys/apt
if [ ! -d "$GNUPGHOME" ]; then
    mkdir -p -m 700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key "Hitless developer's repository" ed25519 sign never
fi
cd "$repository"
apt-ftparchive packages pool >dists/stable/main/binary-amd64/Packages
gzip -9nk -f dists/stable/main/binary-amd64/Packages
apt-ftparchive -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
    -o APT::FTPArchive::Release::Components=main -o APT::FTPArchive::Release::Architectures=amd64 release dists/stable >"$out/.package/Release"
mv "$out/.package/Release" dists/stable/Release
rm -f dists/stable/InRelease
gpg --batch --quiet --clearsign -o dists/stable/InRelease dists/stable/Release
gpg --batch --quiet --armor --export >hitless-archive-keyring.asc
cat >hitless.sources <<TEXT
Types: deb
URIs: file:$repository
Suites: stable
Components: main
Signed-By: /etc/apt/keyrings/hitless-archive-keyring.asc
TEXT
echo "$repository: hitless-archive-keyring.asc goes to /etc/apt/keyrings/, hitless.sources to /etc/apt/sources.list.d/"
