#!/usr/bin/env bash
# Deno's WebSocket reports close code 0 where WHATWG says 1006: for a connection that was cut, for one that was refused,
# and for a Close with 1014, which it does not take. A client that looks for 1006, or that stays away after a code it does
# not know, never comes back. Node 24's own WebSocket, against the same server, says 1006.
#
# Seen with deno 2.9.6 and ws 8.23.0 on 2026-11-28. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error deno@2.9.6 ws@8.23.0 >/dev/null

cat >server.mjs <<'JS'
import { WebSocketServer } from 'ws'
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('listening', () => console.log(server.address().port))
server.on('connection', (socket, { url }) => {
  if (url === '/cut') socket.terminate()
  else socket.close(Number(url.slice(1)))
})
JS
cat >client.mjs <<'JS'
const [port, ...paths] = Deno.args
for (const path of paths) {
  const at = path === 'refused' ? 'ws://127.0.0.1:9/' : `ws://127.0.0.1:${port}/${path}`
  const { code, wasClean } = await new Promise((resolve) => {
    new WebSocket(at).onclose = resolve
  })
  console.log(path, code, wasClean)
}
JS
node server.mjs >port & server=$!
trap 'kill $server 2>/dev/null; rm -rf "$folder"' EXIT
until [ -s port ]; do sleep 0.1; done
seen=$(timeout 60 "$(find node_modules/@deno -name deno -type f | head -1)" run --quiet --allow-net client.mjs "$(cat port)" cut refused 1012 1014)
echo "$seen"
expected='cut 0 false
refused 0 false
1012 1012 true
1014 0 false'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected:" && echo "$expected"
  exit 1
fi
