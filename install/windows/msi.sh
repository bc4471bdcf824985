#!/usr/bin/env bash
# Makes the .msi of a folder with what is in it:
#
#   install/windows/msi.sh FOLDER VERSION FILE.msi
#
# The same folder and VERSION, at the same SOURCE_DATE_EPOCH, give the same bytes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 version=$2 msi=$(realpath "$3")
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C

uuid() { # NAME
  local h
  h=$(printf %s "$1" | sha1sum | tr a-f A-F)
  echo "${h:0:8}-${h:8:4}-5${h:13:3}-8${h:17:3}-${h:20:12}"
}

# wixl takes relative paths only, and puts the time and a random ID into what it makes.
cd "$folder"
faketime -f "$(date -d "@$SOURCE_DATE_EPOCH" '+%F %T')" wixl -a x64 -D Version="${version%%-*}" -D ProductCode="$(uuid "bloxdrop $version")" -o "$msi" "$here/bloxdrop.wxs"
content=$(find . -type f -print0 | sort -z | xargs -0 sha256sum | cat - "$here/bloxdrop.wxs" | sha256sum)
msibuild "$msi" -s bloxdrop bloxdrop "x64;1033" "{$(uuid "$version $content")}"
