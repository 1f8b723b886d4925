#!/usr/bin/env bash
# crossws' `serve` (with srvx) ends itself on SIGTERM: after five seconds it prints "Forcibly closing connections...", and
# closes no WebSocket. The one that was open goes on working, and the process never ends.
#
# Seen with crossws 0.4.17, srvx 1.0.8 and ws 8.23.0 on 2026-11-28. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error crossws@0.4.17 srvx@1.0.8 ws@8.23.0 >/dev/null

cat >server.mjs <<'JS'
import { serve } from 'crossws/server'

const server = serve({
  port: 0,
  gracefulShutdown: true,
  silent: false,
  fetch: () => new Response('hello'),
  websocket: { message: (peer, message) => peer.send(message.text()) },
})
await server.ready()
process.send(new URL(server.url).port)
JS
cat >try.mjs <<'JS'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { WebSocket } from 'ws'

const env = { ...process.env, CI: '', TEST: '' }
const child = fork('server.mjs', { silent: true, env })
const [port] = await once(child, 'message')
const client = new WebSocket(`ws://127.0.0.1:${port}`)
await once(client, 'open')
child.kill('SIGTERM')
let text = ''
child.stderr.on('data', (chunk) => {
  text += chunk
})
while (!text.includes('Forcibly closing connections')) await once(child.stderr, 'data')
await new Promise((resolve) => setTimeout(resolve, 2000))
client.send('still here')
const [answer] = await once(client, 'message')
console.log(`${answer}, exit ${child.exitCode}`)
child.kill('SIGKILL')
client.terminate()
JS
seen=$(timeout 60 node try.mjs)
echo "$seen"
expected='still here, exit null'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected: $expected"
  exit 1
fi
