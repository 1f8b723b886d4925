// What the Node proxies have in common: an HTTP and an HTTPS server that hand on their upgrades.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'

export function serve([plain, secure], tls, onUpgrade) {
  const servers = [http.createServer({ noDelay: true }), https.createServer({ ...tls, noDelay: true })]
  for (const server of servers) {
    server.on('request', (_req, res) => res.writeHead(426).end())
    server.on('upgrade', (req, socket, head) => {
      socket.on('error', () => {})
      onUpgrade(req, socket, head)
    })
  }
  servers[0].listen({ port: plain, host: '127.0.0.1', backlog: 4096 })
  servers[1].listen({ port: secure, host: '127.0.0.1', backlog: 4096 })
}

serve.options = () => {
  const { PORT, TLS_PORT, BACKEND, CERT, KEY } = process.env
  return {
    target: `http://127.0.0.1:${BACKEND}`,
    ports: [Number(PORT), Number(TLS_PORT)],
    tls: { cert: readFileSync(CERT), key: readFileSync(KEY) },
  }
}
