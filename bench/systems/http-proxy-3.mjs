import httpProxy from 'http-proxy-3'
import { serve } from './node-server.mjs'

const { target, ports, tls } = serve.options()
const proxy = httpProxy.createProxyServer({ target, ws: true, xfwd: true })
proxy.on('error', (_error, _req, res) => res.destroy?.())
serve(ports, tls, (req, socket, head) => proxy.ws(req, socket, head))
