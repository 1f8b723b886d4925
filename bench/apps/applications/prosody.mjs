// Prosody with a room (MUC), and @xmpp/client.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { xml, client as xmpp } from '@xmpp/client'
import WebSocket from 'ws'

export const about = {
  title: 'Prosody, @xmpp/client',
  packages: ['@xmpp/client', 'ws'],
  debian: ['prosody'],
  protocol: 'XMPP',
}

export function command({ port, folder }) {
  const own = join(folder, 'prosody')
  mkdirSync(join(own, 'data'), { recursive: true })
  writeFileSync(
    join(own, 'prosody.cfg.lua'),
    `run_as_root = true
data_path = "${join(own, 'data')}"
pidfile = "${join(own, 'pid')}"
log = { { levels = { min = "info" }, to = "console" } }
modules_enabled = { "websocket", "saslauth", "disco", "ping" }
modules_disabled = { "s2s", "tls" }
authentication = "anonymous"
consider_websocket_secure = true
http_ports = { ${port} }
http_interfaces = { "127.0.0.1" }
https_ports = {}
c2s_ports = {}
s2s_ports = {}
VirtualHost "localhost"
Component "rooms.localhost" "muc"
  restrict_room_creation = false
  muc_room_default_history_length = 0
  muc_room_locking = false
`,
  )
  return { run: ['/usr/bin/prosody', '--config', join(own, 'prosody.cfg.lua'), '-F'] }
}

export function client({ host, port, name, heard, told }) {
  globalThis.WebSocket ??= WebSocket
  const room = 'room@rooms.localhost'
  const socket = xmpp({ service: `ws://${host}:${port}/xmpp-websocket`, domain: 'localhost' })
  const ready = new Promise((resolve) => {
    socket.on('stanza', (stanza) => {
      if (stanza.is('presence') && stanza.attrs.from?.startsWith(room)) resolve()
      const body = stanza.is('message') && stanza.getChildText('body')
      if (body) heard(body)
    })
  })
  socket.on('online', () => {
    told('online')
    const join = xml(
      'presence',
      { to: `${room}/${name}` },
      xml('x', { xmlns: 'http://jabber.org/protocol/muc' }),
    )
    socket.send(join).catch(() => undefined)
  })
  socket.on('disconnect', () => told('disconnect'))
  socket.on('error', (error) => told(`error: ${error.message}`))
  socket.start().catch((error) => told(`start: ${error.message}`))
  return {
    ready,
    say: (text) => socket.send(xml('message', { to: room, type: 'groupchat' }, xml('body', {}, text))),
    leave: () => socket.stop(),
  }
}
