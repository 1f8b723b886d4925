#!/usr/bin/env bash
# destroy() of the Server of Hocuspocus resolves, and closes no WebSocket: a provider reads "Reset Connection" for its
# document, and its WebSocket stays open on a server that takes no new ones. Without the process.exit(0) of the server's own
# signal handler the process never ends.
#
# Seen with @hocuspocus/server 4.7.0 and 3.4.4, and ws 8.23.0 on 2026-11-28. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @hocuspocus/server@4.7.0 \
  hocuspocus-3@npm:@hocuspocus/server@3.4.4 y-protocols@1.0.7 yjs@13.6.33 ws@8.23.0 >/dev/null

cat >try.mjs <<'JS'
import { once } from 'node:events'
import { WebSocket } from 'ws'

for (const [name, version] of [['@hocuspocus/server', '4.7.0'], ['hocuspocus-3', '3.4.4']]) {
  const { Server } = await import(name)
  const server = new Server({ port: 0, quiet: true, stopOnSignals: false })
  await server.listen()
  const client = new WebSocket(`ws://127.0.0.1:${server.httpServer.address().port}`)
  await once(client, 'open')
  await server.destroy()
  const pong = once(client, 'pong')
  client.ping()
  await pong
  console.log(version, 'open after destroy()', client.readyState === WebSocket.OPEN)
  client.terminate()
}
JS
seen=$(timeout 60 node try.mjs)
echo "$seen"
expected='4.7.0 open after destroy() true
3.4.4 open after destroy() true'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected:" && echo "$expected"
  exit 1
fi
