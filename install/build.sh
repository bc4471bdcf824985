#!/usr/bin/env bash
# Makes all that is given to others, in dist/:
#
#   install/build.sh [VERSION]
#
# VERSION is like 1.4.0 or 1.4.0-rc.1; without it, it is made of the commit. The
# same commit and VERSION give the same bytes, with the same Go and the same
# wixl. BLOXDROP_SIGN_PFX names a certificate (PKCS #12) with which Windows'
# program and .msi are signed, BLOXDROP_SIGN_PASSFILE a file with its password,
# BLOXDROP_SIGN_TIMESTAMP the address of a time stamp server. BLOXDROP_DIST names
# another folder than dist/.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-0.1.0-dev.$(git rev-list --count HEAD)}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || { echo "VERSION must be like 1.4.0 or 1.4.0-rc.1, not $version" >&2; exit 2; }
number=${version%%-*} # what Windows takes
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C
unset GOFLAGS GOOS GOARCH
for tool in go gzip tar zip wixl msibuild faketime; do
  command -v $tool >/dev/null || { echo "$tool is missing: apt-get install golang zip wixl msitools faketime" >&2; exit 1; }
done
[ -z "${BLOXDROP_SIGN_PFX:-}" ] || command -v osslsigncode >/dev/null || { echo "to sign needs osslsigncode: apt-get install osslsigncode" >&2; exit 1; }

umask 022
dist=${BLOXDROP_DIST:-$PWD/dist}
parts=$(mktemp -d)
trap 'rm -rf "$parts" rsrc_windows_amd64.syso' EXIT
mkdir -p "$dist"
rm -f "$dist"/bloxdrop_* "$dist/SHA256SUMS" # and nothing else of whatever folder that is
name=bloxdrop_$version

# Everything gets the commit's time.
dated() { find "$@" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

compile() { # GOOS GOARCH FILE
  GOOS=$1 GOARCH=$2 GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=0 \
    go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X bloxdrop/internal/cli.stamp=$version" -o "$3" .
}

tools() {
  go build -C install/tools -o "$parts/tools/" github.com/goreleaser/nfpm/v2/cmd/nfpm github.com/tc-hib/go-winres ./man
  mkdir "$parts/man" "$parts/completions"
  "$parts/tools/man" "$parts/man" "$version" "$(date -d "@$SOURCE_DATE_EPOCH" +%F)"
  gzip -9n "$parts"/man/*
  go build -o "$parts/tools/bloxdrop" .
  for shell in bash zsh fish; do "$parts/tools/bloxdrop" completion $shell >"$parts/completions/$shell"; done
}

linux() { # ARCH
  local dir=$parts/linux_$1
  compile linux "$1" "$dir/bloxdrop"
  dated "$parts"
  sed "s,@ARCH@,$1,g; s,@VERSION@,$version,g; s,@PARTS@,$parts,g" install/nfpm.yaml >"$parts/nfpm_$1.yaml"
  for packager in deb rpm; do
    "$parts/tools/nfpm" package --config "$parts/nfpm_$1.yaml" --packager $packager --target "$dist/${name}_linux_$1.$packager" >&2
  done
  cp -r README.md CHANGELOG.md config.example.toml install/prometheus/bloxdrop.rules.yml docs "$parts/man" "$parts/completions" "$dir/"
  chmod -R u=rwX,go=rX "$dir"
  tar -C "$parts" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu \
    --transform "s,^linux_$1,${name}_linux_$1," -cf - "linux_$1" | gzip -9n >"$dist/${name}_linux_$1.tar.gz"
}

sign() { # FILE
  [ -n "${BLOXDROP_SIGN_PFX:-}" ] || return 0
  osslsigncode sign -pkcs12 "$BLOXDROP_SIGN_PFX" ${BLOXDROP_SIGN_PASSFILE:+-readpass "$BLOXDROP_SIGN_PASSFILE"} -h sha256 -n bloxdrop -time "$SOURCE_DATE_EPOCH" \
    ${BLOXDROP_SIGN_TIMESTAMP:+-ts "$BLOXDROP_SIGN_TIMESTAMP"} -in "$1" -out "$1.signed" >&2
  mv "$1.signed" "$1"
}

windows() {
  local dir=$parts/windows
  "$parts/tools/go-winres" make --in install/windows/winres.json --arch amd64 --product-version "$number.0" --file-version "$number.0" --out rsrc
  compile windows amd64 "$dir/bloxdrop.exe"
  sign "$dir/bloxdrop.exe"
  cp -r README.md CHANGELOG.md config.example.toml install/prometheus/bloxdrop.rules.yml docs install/windows/rollout.ps1 "$dir/"
  chmod -R u=rwX,go=rX "$dir"
  dated "$dir"
  local msi=$dist/${name}_windows_amd64.msi
  install/windows/msi.sh "$dir" "$version" "$msi"
  sign "$msi"
  (cd "$dir" && find . -type f | LC_ALL=C sort | zip -X -9 -q "$dist/${name}_windows_amd64.zip" -@)
}

tools
linux amd64
linux arm64
windows
(cd "$dist" && sha256sum bloxdrop_* >SHA256SUMS)
for program in "$parts"/linux_*/bloxdrop "$parts"/windows/bloxdrop.exe; do
  [ "$(stat -c %s "$program")" -lt 25000000 ] || { echo "$program is 25 MB or larger" >&2; exit 1; }
done
ls -l "$dist"
