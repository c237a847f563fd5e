#!/bin/bash
# build/package.sh OUTDIR [REPOSITORY]
# Makes OUTDIR/hitless_VERSION_amd64.deb (HITLESS_ARCH=arm64: of OUTDIR/arm64, with the manual of the programs of this machine) of the programs that ./dev build left in OUTDIR, by debhelper, and has lintian look at it. Its image is
# OUTDIR/smallest/hitless-VERSION.hli where ./dev package has made one of these programs, else the quick one of OUTDIR/images.
# REPOSITORY: a folder that becomes a signed apt repository with it.
# The same programs give the same package, byte by byte: its times are those of the last commit.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: build/package.sh OUTDIR [REPOSITORY]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
out=$(cd "$1" && pwd)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
arch=${HITLESS_ARCH:-amd64}
programs=$out
[ "$arch" = amd64 ] || programs=$out/$arch
work=$out/.package/hitless-$version
tree=$work/tree
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf "$out/.package"
mkdir -p "$work" "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/lib/hitless" "$tree/lib/systemd/system" "$tree/usr/share/man/man1" \
    "$tree/usr/share/man/man8" "$tree/usr/share/doc/hitless"
cp -a "$root/build/package/debian" "$work/"
cp -a "$root/build/package/files/." "$tree/"
install -m 755 "$programs/hitless" "$tree/usr/bin/"
install -m 755 "$programs/hitless-boot" "$tree/usr/sbin/"
install -m 755 "$programs/hitless-web" "$tree/usr/lib/hitless/"
image=$programs/smallest/hitless-$version.hli
[ "$arch" != amd64 ] || { [ "$image" -nt "$out/hitlessd" ] && [ "$image" -nt "$out/hitless" ]; } || image=$out/images/hitless-$version.hli
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

# Debian's tools look for the libraries of another processor where nobody has them: what the programs ask of the C library is its version.
options=
if [ "$arch" != amd64 ]; then
    sed -i "s/^Architecture: amd64/Architecture: $arch/" "$work/debian/control"
    libc=$(readelf -V "$programs"/hitless{,-boot,-web,d} | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    sed -i "s/\${shlibs:Depends}/libc6 (>= ${libc#GLIBC_})/" "$work/debian/control"
    printf '\noverride_dh_shlibdeps:\n' >"$work/rules.end"
    sed -i '/^override_dh_shlibdeps:/,/^$/d' "$work/debian/rules"
    cat "$work/rules.end" >>"$work/debian/rules"
    options="--host-arch $arch --no-check-builddeps"
fi

# shellcheck disable=SC2086
(cd "$work" && dpkg-buildpackage $options --build=binary --unsigned-source --unsigned-changes >"$out/.package/log" 2>&1) || { cat "$out/.package/log" >&2; exit 1; }
deb=hitless_${version}_$arch.deb
mv "$out/.package/$deb" "$out/$deb"
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs,no-manual-page "$out/$deb"
printf '%s  %s bytes, %s KB installed\n' "$out/$deb" "$(stat -c %s "$out/$deb")" "$(dpkg-deb -f "$out/$deb" Installed-Size)"

[ $# -ge 2 ] || exit 0
mkdir -p "$2/pool" "$2/dists/stable/main/binary-$arch"
repository=$(cd "$2" && pwd)
cp "$out/$deb" "$repository/pool/"
export GNUPGHOME=$out/keys/apt
if [ ! -d "$GNUPGHOME" ]; then
    mkdir -p -m 700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key "Hitless developer's repository" ed25519 sign never
fi
cd "$repository"
for each in dists/stable/main/binary-*; do
    apt-ftparchive --arch "${each##*-}" packages pool >"$each/Packages"
    gzip -9nk -f "$each/Packages"
done
apt-ftparchive -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
    -o APT::FTPArchive::Release::Components=main -o APT::FTPArchive::Release::Architectures="$(echo dists/stable/main/binary-* | sed "s:[^ ]*/binary-::g")" release dists/stable >"$out/.package/Release"
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
