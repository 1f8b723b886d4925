// Nchan, a module of nginx: a channel is a path, and each connection subscribes by it. Spoken to over the same WebSocket.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Reconnecting from 'reconnecting-websocket'
import WebSocket from 'ws'

export const about = {
  title: 'Nchan, reconnecting-websocket',
  packages: ['reconnecting-websocket', 'ws'],
  debian: ['libnginx-mod-nchan'],
  protocol: 'text, the channel in the path',
  hold: { state: 'none' },
}

export function command({ port, folder }) {
  const own = join(folder, 'nchan')
  mkdirSync(own, { recursive: true })
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(own, name)};`,
  )
  writeFileSync(
    join(own, 'nginx.conf'),
    `load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off; pid ${join(own, 'pid')}; error_log stderr; worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off; ${paths.join(' ')}
  server {
    listen 127.0.0.1:${port};
    location = /room { nchan_pubsub websocket; nchan_channel_id room; nchan_subscriber_first_message newest; }
  }
}
`,
  )
  return { run: ['/usr/sbin/nginx', '-p', own, '-c', join(own, 'nginx.conf')] }
}

export function client({ host, port, heard, told }) {
  const socket = new (Reconnecting.default ?? Reconnecting)(`ws://${host}:${port}/room`, [], { WebSocket })
  const ready = new Promise((resolve) => socket.addEventListener('open', resolve))
  socket.addEventListener('open', () => told('open'))
  socket.addEventListener('close', ({ code }) => told(`close ${code}`))
  socket.addEventListener('message', ({ data }) => heard(data))
  return { ready, say: (text) => socket.send(text), leave: () => socket.close() }
}
