#!/usr/bin/env bash
# @fastify/websocket closes every connection without a code in a preClose hook of its own, which runs before those that the
# application adds: an application that says 1012 in its hook is too late, and its clients see 1005. The plugin's option
# `preClose` takes the place of that hook, and what it sends arrives.
#
# Seen with fastify 5.12.8, @fastify/websocket 11.3.7 and ws 8.23.0 on 2026-11-28. Fails when what is seen changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error fastify@5.12.8 @fastify/websocket@11.3.7 ws@8.23.0 >/dev/null

cat >try.mjs <<'JS'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { WebSocket } from 'ws'

const closeAll = (server) => {
  for (const socket of server.clients) socket.close(1012, 'service restart')
}

async function codeOf(kind) {
  const app = Fastify()
  await app.register(
    websocket,
    kind === 'option'
      ? {
          preClose(done) {
            closeAll(this.websocketServer)
            this.websocketServer.close(done)
          },
        }
      : {},
  )
  if (kind === 'hook') app.addHook('preClose', async () => closeAll(app.websocketServer))
  app.get('/', { websocket: true }, () => {})
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = new WebSocket(`ws://127.0.0.1:${app.server.address().port}`)
  await new Promise((resolve) => client.once('open', resolve))
  const closed = new Promise((resolve) => client.once('close', resolve))
  await app.close()
  return closed
}

for (const kind of ['hook', 'option']) console.log(kind, await codeOf(kind))
JS
seen=$(timeout 60 node try.mjs)
echo "$seen"
expected='hook 1005
option 1012'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected:" && echo "$expected"
  exit 1
fi
