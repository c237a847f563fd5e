#!/bin/bash
# build/sbom.sh
# Prints the bill of materials of the programs as they are released (CycloneDX 1.5, JSON): what NuGet and npm have restored for them and is
# linked or bundled into them, with versions, licences and hashes. What only builds or judges them (compilers, analyzers) is left out.
# Wants the restored projects of build/publish.sh. The same sources give the same file: its time is that of the last commit.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
objects=${HITLESS_ARTIFACTS:-$root/out/.obj}/obj
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
time=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}" +%Y-%m-%dT%H:%M:%SZ)

hex() { base64 -d | od -An -v -tx1 | tr -d ' \n'; }

component() { # KIND NAME VERSION LICENCE SHA512-IN-BASE64
    local purl=pkg:$1/${2/@/%40}@$3
    jq -n --arg name "$2" --arg version "$3" --arg purl "$purl" --arg licence "$4" --arg hash "$(hex <<<"$5")" '
        {type: "library", "bom-ref": $purl, name: $name, version: $version, purl: $purl,
         hashes: [{alg: "SHA-512", content: $hash}],
         licenses: [if $licence | test("^[A-Za-z0-9.+-]+$") then {license: {id: $licence}} else {expression: $licence} end]}'
}

nuget() {
    # Libraries with something to link; the runtime's own come as packs.
    for project in Daemon Cli Boot Web; do
        jq -r '
            (.targets["net10.0/linux-x64"] | to_entries[] | select(.value.type == "package" and (.value.runtime // {} | length > 0)) | .key),
            (.project.frameworks[].downloadDependencies[]?
                | select(.name | test("^Microsoft\\.(AspNetCore\\.App\\.Runtime|NETCore\\.App\\.Runtime\\.NativeAOT)\\."))
                | "\(.name)/\(.version | ltrimstr("[") | split(",")[0])")' "$objects/Hitless.$project/project.assets.json"
    done | sort -u | while IFS=/ read -r name number; do
        folder=$packages/${name,,}/$number
        component nuget "$name" "$number" "$(sed -n 's:.*<license type="expression">\(.*\)</license>.*:\1:p' "$folder"/*.nuspec)" \
            "$(cat "$folder"/*.nupkg.sha512)"
    done
}

npm() {
    jq -r '.packages | to_entries[] | select(.key != "" and (.value.dev // false | not))
        | "\(.key | ltrimstr("node_modules/")) \(.value.version) \(.value.license) \(.value.integrity | ltrimstr("sha512-"))"' \
        "$root/src/Hitless.Web/Page/package-lock.json" |
        while read -r name number licence hash; do component npm "$name" "$number" "$licence" "$hash"; done
}

{ nuget; npm; } | jq -s --arg version "$version" --arg time "$time" '
    {bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
     metadata: {timestamp: $time, component:
        {type: "application", "bom-ref": "hitless", name: "hitless", version: $version, licenses: [{license: {id: "MIT"}}]}},
     components: ., dependencies: [{ref: "hitless", dependsOn: map(."bom-ref")}]}'
