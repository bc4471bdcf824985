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

# What wixl can't say.
table=$(mktemp)
trap 'rm -f "$table"' EXIT
edit() { # TABLE WHAT BY
  msiinfo export "$msi" "$1" >"$table"
  [ "$(grep -cP "$2" "$table")" = 1 ] || { echo "the .msi's $1 is not as expected" >&2; exit 1; }
  sed -i "s/$2/$3/" "$table"
  msibuild "$msi" -i "$table"
}
# What was made of another commit with the same number is upgraded, too: 1.4.0-rc.1 by 1.4.0.
edit Upgrade '\t1\t\tWIX_UPGRADE_DETECTED' '\t513\t\tWIX_UPGRADE_DETECTED'
# Execute="rollback" is at once for it.
edit CustomAction '^ResumeService\t2130\t' 'ResumeService\t3410\t'

content=$(find . -type f -print0 | sort -z | xargs -0 sha256sum | cat - "$here/bloxdrop.wxs" | sha256sum)
msibuild "$msi" -s bloxdrop bloxdrop "x64;1033" "{$(uuid "$version $content")}"
