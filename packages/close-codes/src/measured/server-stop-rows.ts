// Measured rows; see server-stops.ts for what they mean. One stop a line.
import type { Seen, ServerStops } from './server-stops.ts'

const end: Seen = { what: 'end' }
const reset: Seen = { what: 'reset' }
const nothing: Seen = { what: 'nothing' }

/** What clients of 117 server set-ups saw when these were stopped in 323 ways. */
// biome-ignore format: one stop a line
export const serverStops: readonly ServerStops[] = [
  { server: 'ws', version: 'ws 8.23.0', from: 'npm', stops: [
    { how: 'SIGINT (no handler)', sees: [end], after: 0.03, newcomers: ['gone'], exits: { after: 0, status: 'SIGINT' } },
    { how: 'SIGKILL', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGKILL' } },
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.1, newcomers: ['refused'], exits: { after: 0.2, status: 'SIGTERM' } },
    { how: 'wss.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'http server.close(), wss on {server}', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'server.close() + wss.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'each client.close(1001) + wss.close()', sees: [{ what: 'close', code: 1001, reason: 'bye' }], after: 0.01, newcomers: ['refused'], exits: { after: 0.3, status: '0' }, silentClient: { cut: 30, exit: 30.1 } },
    { how: 'each client.terminate() + wss.close()', sees: [end], after: 0, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0.2 } },
    { how: 'each client.close(1012), process.exit(0) at once', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.01, newcomers: ['refused'], exits: { after: 0.2, status: '0' } },
    { how: 'each client.close(1012), exit in wss.close callback', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0, newcomers: ['refused'], exits: { after: 0.2, status: '0' }, silentClient: { cut: 30, exit: 30 } },
    { how: 'server.close() + server.closeAllConnections()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'socket.io', version: 'socket.io 4.8.4, engine.io 6.6.13', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'io.close()', sees: [{ what: 'close', code: 1005 }], after: 0.05, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 30, exit: 30.3 } },
    { how: 'io.disconnectSockets(true)', sees: [{ what: 'close', code: 1005 }], after: 0.02, newcomers: ['let-in'], exits: 'stays', silentClient: { cut: 30.1 } },
    { how: 'io.disconnectSockets()', sees: [nothing], newcomers: ['let-in'], exits: 'stays', silentClient: 'never' },
    { how: 'http server.close() only', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'engine.io', version: 'engine.io 6.6.13', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'engine.close() + http server.close()', sees: [{ what: 'close', code: 1005 }], after: 0, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 30, exit: 30 } },
    { how: 'engine.close()', sees: [{ what: 'close', code: 1005 }], after: 0, newcomers: ['http-503'], exits: 'never', silentClient: { cut: 30.1 } },
  ] },
  { server: 'express-ws', version: 'express 4.22.3, express-ws 5.0.2', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'server.close() + getWss().close() (bundles ws 7)', sees: [end], after: 0, newcomers: ['refused'], exits: { after: 0.3, status: '0' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'http server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'koa-websocket', version: 'koa 3.3.0, koa-websocket 7.0.0', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'http server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'server.close() + app.ws.server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'sockjs', version: 'sockjs 0.3.24', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'http server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'faye-websocket', version: 'faye-websocket 0.11.4', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'server.close() + each ws.close()', sees: [{ what: 'close', code: 1000 }], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 30.1, exit: 30.2 } },
    { how: 'http server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'uvicorn-websockets', version: 'uvicorn 0.17.6-1, python3-websockets 10.4-1', from: 'Debian', stops: [
    { how: 'SIGKILL', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0.1, status: 'SIGKILL' } },
    { how: 'SIGHUP', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGHUP' } },
    { how: 'SIGTERM', sees: [end], after: 0.14, newcomers: ['let-in-ended', 'refused'], exits: { after: 0.7, status: '0' }, silentClient: { cut: 0.2, exit: 0.6 } },
    { how: 'SIGINT', sees: [end], after: 0.2, newcomers: ['accepted-ended', 'refused'], exits: { after: 0.6, status: '0' } },
  ] },
  { server: 'bun-serve', version: 'bun 1.4.5', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'SIGKILL', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0.2, status: 'SIGKILL' } },
    { how: 'SIGINT (no handler)', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0.2, status: 'SIGINT' } },
    { how: 'server.stop(true)', sees: [{ what: 'close', code: 1001, reason: 'Server closed' }], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'server.stop()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'await server.stop(true), then exit', sees: [{ what: 'close', code: 1001, reason: 'Server closed' }], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'await server.stop(), then exit', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'uvicorn-wsproto', version: 'uvicorn 0.17.6-1, python3-wsproto 1.2.0-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [{ what: 'close', code: 1012 }], after: 0.09, newcomers: ['accepted-ended', 'refused'], exits: { after: 0.6, status: '0' }, silentClient: { cut: 0.1, exit: 0.6 } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 1012 }], after: 0.06, newcomers: ['refused'], exits: { after: 0.5, status: '0' } },
  ] },
  { server: 'uvicorn-reload', version: 'uvicorn 0.17.6-1, python3-websockets 10.4-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.11, newcomers: ['let-in-ended', 'accepted-reset', 'refused'], exits: { after: 1.3, status: '0' } },
    { how: 'source file changed (--reload)', sees: [end], after: 0.26, newcomers: ['let-in', 'accepted-silent', 'let-in'], exits: 'stays' },
  ] },
  { server: 'uvicorn-workers2', version: 'uvicorn 0.17.6-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.52, newcomers: ['accepted-ended', 'let-in-ended', 'accepted-reset', 'refused'], exits: { after: 1.7, status: '0' }, silentClient: { cut: 0.1, exit: 1.7 } },
    { how: 'SIGINT', sees: [end], after: 0.09, newcomers: ['let-in-ended', 'accepted-reset'], exits: { after: 1.2, status: '0' } },
  ] },
  { server: 'faye', version: 'faye 1.4.3', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.05, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'NodeAdapter.close() + server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'fastapi-uvicorn', version: 'python3-fastapi 0.92.0-1, uvicorn 0.17.6-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.1, newcomers: ['let-in-ended', 'refused'], exits: { after: 0.9, status: '0' }, silentClient: { cut: 0.1, exit: 0.9 } },
  ] },
  { server: 'sockjs-raw', version: 'sockjs 0.3.24', from: 'npm', stops: [
    { how: 'http server.close() (raw endpoint)', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'gunicorn-uvicorn', version: 'gunicorn 20.1.0-6+deb12u1, uvicorn 0.17.6-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.05, newcomers: ['refused'], exits: { after: 2.1, status: '0' }, silentClient: { cut: 0.1, exit: 1.9 } },
    { how: 'SIGINT', sees: [end], after: 0.07, newcomers: ['refused'], exits: { after: 1, status: '0' } },
    { how: 'SIGQUIT', sees: [end], after: 0.01, newcomers: ['refused'], exits: { after: 0.7, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.11, newcomers: ['let-in-ended', 'let-in'], exits: 'stays', silentClient: { cut: 0.1 } },
  ] },
  { server: 'websocket-node', version: 'websocket 1.0.35', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'wsServer.shutDown() + http close', sees: [{ what: 'close', code: 1000, reason: 'Normal connection closure' }], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 19.1 } },
    { how: 'wsServer.closeAllConnections() + http close', sees: [{ what: 'close', code: 1000, reason: 'Normal connection closure' }], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 19.1 } },
    { how: 'http server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'hypercorn', version: 'python3-hypercorn 0.13.2-3, python3-wsproto 1.2.0-1', from: 'Debian', stops: [
    { how: 'SIGHUP', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGHUP' } },
    { how: 'SIGTERM', sees: [{ what: 'close', code: 1000 }], after: 3, newcomers: ['refused'], exits: { after: 3.3, status: '0' }, silentClient: { cut: 3, exit: 3.4 } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 1000 }], after: 3, newcomers: ['refused'], exits: { after: 3.4, status: '0' } },
  ] },
  { server: 'quart-hypercorn', version: 'python3-quart 0.18.3-2, python3-hypercorn 0.13.2-3', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [{ what: 'close', code: 1000 }], after: 3.1, newcomers: ['refused'], exits: { after: 3.7, status: '0' }, silentClient: { cut: 3.1, exit: 3.5 } },
  ] },
  { server: 'websockets-serve', version: 'python3-websockets 10.4-1', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.1, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 1001 }], after: 0.01, newcomers: ['refused'], exits: { after: 0.3, status: 'SIGINT' } },
    { how: 'SIGTERM, documented stop (leave async with)', sees: [{ what: 'close', code: 1001 }], after: 0.01, newcomers: ['refused'], exits: { after: 0.2, status: '0' }, silentClient: { cut: 10.1, exit: 20.3 } },
  ] },
  { server: 'bun+ws-package', version: 'bun 1.4.5', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.25, newcomers: ['gone'], exits: { after: 0.3, status: 'SIGTERM' } },
    { how: 'each client.close(1012) + wss.close()', sees: [{ what: 'close', code: 1012, reason: 'bye' }], after: 0, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 30, exit: 30 } },
    { how: 'wss.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'crossws-node', version: 'crossws 0.4.17', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'server.close() + ws.closeAll()', sees: [{ what: 'close', code: 1005 }], after: 0.07, newcomers: ['refused'], exits: { after: 0.2, status: '0' }, silentClient: { cut: 30.7, exit: 30.7 } },
    { how: 'server.close() + ws.closeAll(.., force)', sees: [end], after: 0, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'http server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'bun-watch', version: 'bun 1.4.5', from: 'npm', stops: [
    { how: 'source file changed (--watch)', sees: [end], after: 0.02, newcomers: ['let-in'], exits: 'stays' },
  ] },
  { server: 'aiohttp', version: 'python3-aiohttp 3.8.4-1+deb12u2', from: 'Debian', stops: [
    { how: 'SIGTERM, documented on_shutdown hook (1001)', sees: [{ what: 'close', code: 1000 }], after: 0.01, newcomers: ['refused'], exits: { after: 0.7, status: '0' }, silentClient: { cut: 0, exit: 1.4 } },
    { how: 'SIGTERM', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'SIGINT', sees: [nothing], newcomers: ['refused'], exits: 'never' },
    { how: 'SIGTERM, no hook, watched 75 s', sees: [end], after: 60.2, newcomers: ['refused'], exits: { after: 60.5, status: '0' } },
  ] },
  { server: 'tornado', version: 'python3-tornado 6.2.0-3+deb12u4', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.12, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'SIGINT', sees: [end], after: 0.01, newcomers: ['accepted-reset', 'refused'], exits: { after: 0.7, status: 'SIGINT' } },
    { how: 'HTTPServer.stop(), exit', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.3, status: '0' }, silentClient: { cut: 0, exit: 0.4 } },
    { how: 'stop() + close_all_connections()', sees: [end], after: 0.06, newcomers: ['refused'], exits: { after: 0.4, status: '0' }, silentClient: { cut: 0, exit: 0.8 } },
    { how: 'closeall-stay8', sees: [end], after: 8, newcomers: ['refused'], exits: { after: 8.1, status: '0' } },
  ] },
  { server: 'bun-hot', version: 'bun 1.4.5', from: 'npm', stops: [
    { how: 'source file changed (--hot)', sees: [nothing], newcomers: ['let-in'], exits: 'stays' },
  ] },
  { server: 'autobahn-asyncio', version: 'python3-autobahn 22.7.1+dfsg1-2', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.12, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'server.close() + wait_closed()', sees: [end], after: 0.09, newcomers: ['refused'], exits: { after: 0.5, status: '0' }, silentClient: { cut: 0.2, exit: 0.5 } },
  ] },
  { server: 'deno-serve', version: 'deno 2.9.6', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.05, newcomers: ['gone'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'SIGINT (no handler)', sees: [end], after: 0.03, newcomers: ['gone'], exits: { after: 0, status: 'SIGINT' } },
    { how: 'SIGKILL', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGKILL' } },
    { how: 'server.shutdown()', sees: [{ what: 'close', code: 1001, reason: 'Server shutting down' }], after: 0.03, newcomers: ['refused'], exits: { after: 0.5, status: '0' }, silentClient: { cut: 0.2, exit: 0.2 } },
    { how: 'await server.shutdown(), Deno.exit', sees: [{ what: 'close', code: 1001, reason: 'Server shutting down' }], after: 0.13, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0.1, exit: 0.2 } },
  ] },
  { server: 'autobahn-twisted', version: 'python3-autobahn 22.7.1+dfsg1-2, python3-twisted 22.4.0-4+deb12u1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.8, status: '0' }, silentClient: { cut: 0.1, exit: 1.1 } },
    { how: 'SIGINT', sees: [end], after: 0.07, newcomers: ['refused'], exits: { after: 1.3, status: '0' } },
  ] },
  { server: 'graphql-ws', version: 'graphql-ws 6.4.2, ws 8.23.0', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.15, newcomers: ['gone'], exits: { after: 0.2, status: 'SIGTERM' } },
    { how: 'useServer().dispose()', sees: [{ what: 'close', code: 1001, reason: 'Going away' }], after: 0.02, newcomers: ['refused'], exits: { after: 0.7, status: '0' }, silentClient: { cut: 30, exit: 30.3 } },
  ] },
  { server: 'deno-serve-abort', version: 'deno 2.9.6', from: 'npm', stops: [
    { how: 'AbortSignal of Deno.serve aborted', sees: [{ what: 'close', code: 1005 }], after: 0.02, newcomers: ['refused'], exits: { after: 1.2, status: '0' }, silentClient: { cut: 0.3, exit: 0.3 } },
  ] },
  { server: 'gevent-websocket', version: 'python3-gevent-websocket 0.10.1-5', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'SIGINT', sees: [end], after: 0.78, newcomers: ['refused'], exits: { after: 0.8, status: 'SIGINT' } },
    { how: 'WSGIServer.stop(timeout=5)', sees: [end], after: 1.3, newcomers: ['refused'], exits: { after: 1.3, status: '0' }, silentClient: { cut: 0.9, exit: 0.9 } },
  ] },
  { server: 'trpc', version: '@trpc/server 11.25.2, ws 8.23.0', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.06, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'broadcastReconnectNotification() alone', sees: [nothing], newcomers: ['let-in'], exits: 'stays', silentClient: 'never' },
    { how: 'broadcastReconnectNotification() + wss.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'rpc-websockets', version: 'rpc-websockets 10.0.1', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.06, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'eventlet', version: 'python3-eventlet 0.33.1-4', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.13, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'SIGINT', sees: [end], after: 0.08, newcomers: ['refused'], exits: { after: 1.2, status: '0' } },
  ] },
  { server: 'cherrypy-ws4py', version: 'python3-cherrypy3 18.8.0-2, python3-ws4py 0.5.1+dfsg1-2', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [{ what: 'close', code: 1001, reason: 'Server is shutting down' }], after: 0.46, newcomers: ['let-in-closed', 'refused'], exits: { after: 1.5, status: '0' }, silentClient: { cut: 0.3, exit: 0.9 } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 1001, reason: 'Server is shutting down' }], after: 0.78, newcomers: ['let-in-closed', 'refused'], exits: { after: 1.1, status: '0' } },
    { how: 'SIGHUP', sees: [{ what: 'close', code: 1001, reason: 'Server is shutting down' }], after: 0.79, newcomers: ['refused'], exits: { after: 0.9, status: '0' } },
  ] },
  { server: 'miniflare', version: 'miniflare 4.20260426.0, workerd 1.20260426.1', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.08, newcomers: ['refused'], exits: { after: 0.3, status: '143' } },
    { how: 'SIGINT', sees: [end], after: 0.11, newcomers: ['refused'], exits: { after: 0.2, status: '130' } },
    { how: 'mf.dispose()', sees: [end], after: 0.09, newcomers: ['accepted-reset'], exits: { after: 0.4, status: '143' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'mf.setOptions() (reload)', sees: [end], after: 0.7, newcomers: ['let-in', 'accepted-reset', 'refused', 'let-in'], exits: 'stays' },
  ] },
  { server: 'libsoup3', version: 'gir1.2-soup-3.0 3.2.3-0+deb12u2', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.08, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'soup_server_disconnect(), quit', sees: [end], after: 0.12, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0.1, exit: 0.1 } },
    { how: 'soup_server_disconnect()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'workerd', version: 'workerd 1.20260426.1', from: 'npm', stops: [
    { how: 'SIGINT', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGINT' } },
    { how: 'SIGHUP', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGHUP' } },
    { how: 'SIGTERM', sees: [nothing], newcomers: ['accepted-silent'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'qtwebsockets', version: 'libqt5websockets5 5.15.8-2', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'QWebSocketServer.close(), quit', sees: [{ what: 'close', code: 1001, reason: 'Connection closed' }, end], after: 0.07, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'each socket.close(), quit', sees: [{ what: 'close', code: 1000 }], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'QWebSocketServer.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'each socket.close()', sees: [{ what: 'close', code: 1000 }], after: 0.06, newcomers: ['refused'], exits: 'never', silentClient: { cut: 0 } },
  ] },
  { server: 'nodejs-websocket', version: 'nodejs-websocket 1.7.2', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'workerd-watch', version: 'workerd 1.20260426.1', from: 'npm', stops: [
    { how: 'worker file changed (--watch)', sees: [end], after: 0.54, newcomers: ['let-in', 'let-in-ended', 'let-in'], exits: 'stays' },
  ] },
  { server: 'vite-cli', version: 'vite 8.4.0', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.1, status: '143' }, silentClient: { cut: 0.1, exit: 0.1 } },
    { how: 'vite.config.js changed', sees: [end], after: 0.24, newcomers: ['accepted-ended', 'accepted-silent'], exits: 'stays' },
    { how: 'SIGINT', sees: [end], after: 0.06, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGINT' } },
  ] },
  { server: 'vite-api', version: 'vite 8.4.0', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.1, status: '143' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'server.close()', sees: [end], after: 0, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0.1, exit: 0.2 } },
    { how: 'server.restart()', sees: [end], after: 0.1, newcomers: ['accepted-reset', 'accepted-silent'], exits: 'stays', silentClient: { cut: 0.1 } },
  ] },
  { server: 'fastify-websocket', version: 'fastify 5.12.8, @fastify/websocket 11.3.7', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'app.close()', sees: [{ what: 'close', code: 1005 }], after: 0.01, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 30, exit: 30.2 } },
    { how: 'app.close(), forceCloseConnections: true', sees: [{ what: 'close', code: 1005 }], after: 0.15, newcomers: ['refused'], exits: { after: 0.3, status: '0' }, silentClient: { cut: 30.1, exit: 30.2 } },
  ] },
  { server: 'websockify', version: 'python3-websockify 0.10.0+dfsg1-4+b1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.16, newcomers: ['accepted-reset', 'refused'], exits: { after: 0.8, status: '0' }, silentClient: { cut: 0.7, exit: 1.1 } },
    { how: 'SIGINT', sees: [end], after: 0.03, newcomers: ['refused'], exits: { after: 0.7, status: '0' } },
    { how: 'SIGHUP', sees: [nothing], newcomers: ['accepted-silent'], exits: { after: 0, status: 'SIGHUP', orphans: 3 } },
  ] },
  { server: 'mercurius', version: 'mercurius 16.10.1, fastify 5.12.8', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.08, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'app.close()', sees: [{ what: 'close', code: 1005 }], after: 0.01, newcomers: ['refused'], exits: { after: 0.4, status: '0' }, silentClient: { cut: 30, exit: 30.1 } },
  ] },
  { server: 'python-socketio', version: 'python3-socketio 5.7.2-2, uvicorn 0.17.6-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 2.4, status: '0' }, silentClient: { cut: 0, exit: 2.4 } },
  ] },
  { server: 'hono-node-ws', version: 'hono 4.13.19, @hono/node-server 1.19.19, @hono/node-ws 1.3.1', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'server.close(cb)', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'server.close() + wss.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'webpack-dev-server', version: 'webpack-dev-server 5.2.7, webpack 5.113.0', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'SIGINT', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.7, status: '0' } },
    { how: 'server.stop()', sees: [reset], after: 1.7, newcomers: ['accepted-silent', 'accepted-reset', 'refused'], exits: { after: 2, status: '0' }, silentClient: { cut: 0, exit: 0.2 } },
  ] },
  { server: 'hono-node-server2', version: 'hono 4.13.19, @hono/node-server 2.1.9, ws 8.23.0', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.07, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'server.close(cb)', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'server.close() + wss.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'nest-ws', version: '@nestjs/core 12.5.1, @nestjs/platform-ws 12.1.1', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.05, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'SIGTERM, enableShutdownHooks()', sees: [end], after: 0.2, newcomers: ['gone'], exits: { after: 0.2, status: 'SIGTERM' }, silentClient: { cut: 0, exit: 0.3 } },
    { how: 'app.close()', sees: [end], after: 0.03, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'SIGTERM, hooks + forceCloseConnections', sees: [end], after: 0.03, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' }, silentClient: { cut: 0, exit: 0.1 } },
  ] },
  { server: 'nest-io', version: '@nestjs/core 12.5.1, @nestjs/platform-socket.io 12.1.1', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.03, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'SIGTERM, enableShutdownHooks()', sees: [{ what: 'close', code: 1005 }], after: 0.38, newcomers: ['refused'], exits: { after: 0.5, status: 'SIGTERM' }, silentClient: { cut: 30.1, exit: 30.1 } },
  ] },
  { server: 'go-gorilla', version: 'golang-github-gorilla-websocket-dev 1.5.0-2, golang-1.19-go 1.19.8-2', from: 'Debian', stops: [
    { how: 'http.Server.Shutdown, main returns', sees: [end], after: 0.03, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.06, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'Shutdown + Close, main lives 20 s', sees: [end], after: 20, newcomers: ['refused'], exits: { after: 20, status: '0' } },
    { how: 'Shutdown, then main lives 20 s', sees: [end], after: 20, newcomers: ['refused'], exits: { after: 20, status: '0' }, silentClient: { cut: 20, exit: 20 } },
  ] },
  { server: 'node-red', version: 'node-red 4.1.15', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.14, newcomers: ['accepted-reset'], exits: { after: 0.3, status: '0' }, silentClient: { cut: 0.1, exit: 0.2 } },
    { how: 'SIGINT', sees: [end], after: 0.05, newcomers: ['refused'], exits: { after: 0.1, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: '0' } },
  ] },
  { server: 'wrangler-dev', version: 'wrangler 4.86.0, workerd 1.20260426.1', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.7, status: '0' }, silentClient: { cut: 0.1, exit: 0.3 } },
    { how: 'SIGINT', sees: [end], after: 0.23, newcomers: ['accepted-reset', 'refused'], exits: { after: 1.1, status: '0' } },
    { how: 'worker file changed', sees: [end], after: 1.2, newcomers: ['accepted-silent', 'let-in'], exits: 'stays' },
  ] },
  { server: 'daphne', version: 'python3-daphne 4.0.0-1, python3-autobahn 22.7.1+dfsg1-2', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 1.4, status: '0' }, silentClient: { cut: 0.1, exit: 1.4 } },
    { how: 'SIGINT', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 1.6, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGHUP' } },
  ] },
  { server: 'peerjs-server', version: 'peer 1.0.2', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'go-nhooyr', version: 'golang-nhooyr-websocket-dev 1.8.7-3, golang-1.19-go 1.19.8-2', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'http.Server.Shutdown, main returns', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'Shutdown, main lives 20 s', sees: [end], after: 20, newcomers: ['refused'], exits: { after: 20.1, status: '0' }, silentClient: { cut: 20.1, exit: 20.1 } },
    { how: 'context of Read cancelled + Shutdown, main lives 20 s', sees: [end], after: 0.03, newcomers: ['refused'], exits: { after: 20, status: '0' }, silentClient: { cut: 0, exit: 20 } },
  ] },
  { server: 'gunicorn-geventwebsocket', version: 'python3-gevent-websocket 0.10.1-5, gunicorn 20.1.0-6+deb12u1', from: 'Debian', stops: [
    { how: 'SIGINT', sees: [end], after: 1.7, newcomers: ['accepted-silent', 'accepted-reset', 'refused'], exits: { after: 2.4, status: '0' } },
    { how: 'SIGTERM', sees: [end], after: 30.1, newcomers: ['let-in', 'refused'], exits: { after: 30.9, status: '0' }, silentClient: { cut: 30.2, exit: 30.9 } },
    { how: 'SIGHUP (reload), watched 40 s', sees: [{ what: 'close', code: 1005 }], after: 31.7, newcomers: ['let-in'], exits: 'stays' },
  ] },
  { server: 'crossws-serve', version: 'crossws 0.4.17', from: 'npm', stops: [
    { how: 'SIGTERM (built-in graceful shutdown)', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'await server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
    { how: 'SIGINT (built-in graceful shutdown)', sees: [nothing], newcomers: ['refused'], exits: 'never' },
    { how: 'await server.close(true)', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'ganache', version: 'ganache 7.9.2', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.06, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'server.close()', sees: [{ what: 'close', code: 1000, reason: 'Server closed by client' }], after: 0.02, newcomers: ['refused'], exits: { after: 0.3, status: '0' }, silentClient: { cut: 0.1, exit: 0.2 } },
  ] },
  { server: 'go-x-net', version: 'golang-golang-x-net-dev 1:0.7.0+dfsg-1, golang-1.19-go 1.19.8-2', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'http.Server.Shutdown, main returns', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.5, status: '0' }, silentClient: { cut: 0, exit: 0 } },
  ] },
  { server: 'browser-sync', version: 'browser-sync 3.0.4', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.05, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGINT', sees: [end], after: 0.11, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGINT' } },
  ] },
  { server: 'live-server', version: 'live-server 1.2.2', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.05, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'SIGINT (no handler)', sees: [end], after: 0.07, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGINT' } },
  ] },
  { server: 'livereload', version: 'livereload 0.10.3', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'server.close()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'gunicorn-eventlet', version: 'python3-eventlet 0.33.1-4, gunicorn 20.1.0-6+deb12u1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 30.2, newcomers: ['let-in', 'refused'], exits: { after: 31.4, status: '0' }, silentClient: { cut: 30.1, exit: 31.6 } },
  ] },
  { server: 'next-dev', version: 'next 16.4.6', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.36, newcomers: ['let-in-ended', 'refused'], exits: { after: 0.7, status: '0' } },
    { how: 'next.config.js changed', sees: [end], after: 0.1, newcomers: ['accepted-reset', 'refused'], exits: 'stays' },
  ] },
  { server: 'aedes', version: 'aedes 1.2.0, ws 8.23.0', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.14, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'broker.close() + http + wss.close()', sees: [end], after: 0.01, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'broker.close()', sees: [end], after: 0.01, newcomers: ['let-in'], exits: 'stays', silentClient: { cut: 0 } },
  ] },
  { server: 'feathers', version: '@feathersjs/feathers 5.0.50, @feathersjs/socketio 5.0.50', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.16, newcomers: ['refused'], exits: { after: 0.3, status: 'SIGTERM' } },
    { how: 'app.teardown()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'mojo-daemon', version: 'libmojolicious-perl 9.31+dfsg-1', from: 'Debian', stops: [
    { how: 'SIGQUIT', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0.1, status: 'SIGQUIT' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGTERM', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0.1 } },
    { how: 'SIGINT', sees: [end], after: 0.03, newcomers: ['refused'], exits: { after: 0.1, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: 'SIGHUP' } },
  ] },
  { server: 'mojo-prefork', version: 'libmojolicious-perl 9.31+dfsg-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.05, newcomers: ['refused'], exits: { after: 1, status: '0' }, silentClient: { cut: 0.2, exit: 1 } },
    { how: 'SIGINT', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.3, status: '0' } },
    { how: 'SIGQUIT', sees: [nothing], newcomers: ['accepted-silent'], exits: 'never', silentClient: 'never' },
    { how: 'SIGQUIT (graceful), watched 135 s', sees: [end], after: 120.8, newcomers: ['accepted-silent'], exits: { after: 120.8, status: '0' } },
  ] },
  { server: 'twiggy', version: 'twiggy 0.1026+dfsg-1, libprotocol-websocket-perl 0.26-3', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'SIGINT', sees: [end], after: 0.13, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGINT' } },
    { how: 'SIGHUP', sees: [end], after: 0.08, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGHUP' } },
  ] },
  { server: 'hypnotoad', version: 'libmojolicious-perl 9.31+dfsg-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.06, newcomers: ['refused'], exits: { after: 0.2, status: '0' } },
    { how: 'SIGQUIT', sees: [nothing], newcomers: ['accepted-silent'], exits: 'never', silentClient: 'never' },
    { how: 'SIGUSR2 (hot deploy), watched 40 s', sees: [nothing], newcomers: ['let-in'], exits: 'stays' },
    { how: 'SIGUSR2 (hot deploy), watched 135 s', sees: [end], after: 120.6, newcomers: ['let-in'], exits: { after: 120.7, status: '0', orphans: 3 } },
  ] },
  { server: 'nodemon', version: 'nodemon 3.1.14', from: 'npm', stops: [
    { how: 'SIGTERM (app handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.05, newcomers: ['refused'], exits: { after: 0.3, status: '143' } },
    { how: 'SIGTERM (app without handler)', sees: [end], after: 0.56, newcomers: ['let-in', 'refused'], exits: { after: 0.7, status: '143' } },
    { how: 'source file changed', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.4, newcomers: ['let-in', 'refused'], exits: 'stays' },
    { how: 'SIGHUP (handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.21, newcomers: ['let-in-closed', 'refused', 'let-in'], exits: 'stays' },
  ] },
  { server: 'morbo', version: 'libmojolicious-perl 9.31+dfsg-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.01, newcomers: ['accepted-silent'], exits: { after: 1.5, status: '0' }, silentClient: { cut: 0, exit: 1.2 } },
    { how: 'SIGINT', sees: [end], after: 0.02, newcomers: ['accepted-silent'], exits: { after: 1.8, status: '0' } },
    { how: 'source file changed', sees: [end], after: 0.3, newcomers: ['let-in-ended', 'let-in'], exits: 'stays' },
  ] },
  { server: 'node--watch', version: 'node 20.20.2', from: 'npm', stops: [
    { how: 'SIGTERM (app handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.05, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 30, exit: 30.7 } },
    { how: 'SIGINT to the group (app handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.02, newcomers: ['refused'], exits: { after: 0.6, status: '0' } },
    { how: 'source file changed', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.27, newcomers: ['let-in', 'refused'], exits: 'stays' },
  ] },
  { server: 'nats-server', version: 'nats-server 2.9.10-1+b3', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [{ what: 'close', code: 1001, reason: 'Server Shutdown' }], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: '1' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 1001, reason: 'Server Shutdown' }], after: 0, newcomers: ['refused'], exits: { after: 1.1, status: '0' } },
    { how: 'SIGHUP', sees: [nothing], newcomers: ['let-in'], exits: 'stays' },
    { how: 'SIGUSR2 (lame duck; grace 2 s, duration 30 s)', sees: [{ what: 'close', code: 1001, reason: 'Server Shutdown' }], after: 2, spread: 1, newcomers: ['refused'], exits: { after: 3, status: '0' }, silentClient: { cut: 3.1, exit: 3.1 } },
  ] },
  { server: 'tsx-watch', version: 'tsx 4.23.15', from: 'npm', stops: [
    { how: 'SIGTERM (app handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.02, newcomers: ['accepted-reset', 'refused'], exits: { after: 0.4, status: '0' }, silentClient: { cut: 5.5, exit: 5.7 } },
    { how: 'SIGINT to the group (app handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.02, newcomers: ['refused'], exits: { after: 0.3, status: '0' } },
    { how: 'source file changed', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.38, newcomers: ['let-in', 'refused'], exits: 'stays' },
  ] },
  { server: 'prosody', version: 'prosody 0.12.3-1+deb12u1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [{ what: 'close', code: 1000, reason: 'Stream closed' }], after: 0.02, newcomers: ['refused'], exits: { after: 1.1, status: '0' }, silentClient: { cut: 0, exit: 1.4 } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 1000, reason: 'Stream closed' }], after: 0.01, newcomers: ['refused'], exits: { after: 1.6, status: '0' } },
    { how: 'SIGHUP', sees: [nothing], newcomers: ['let-in'], exits: 'stays' },
  ] },
  { server: 'janus', version: 'janus 1.1.2-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.01, newcomers: ['refused'], exits: { after: 0.2, status: '0' }, silentClient: { cut: 0, exit: 1.1 } },
    { how: 'SIGINT', sees: [end], after: 0.07, newcomers: ['refused'], exits: { after: 0.2, status: '0' } },
  ] },
  { server: 'libwebsockets-test-server', version: 'libwebsockets-test-server 4.1.6-3', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.05, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' }, silentClient: { cut: 1.6, exit: 0.6 } },
    { how: 'SIGINT', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGHUP' } },
  ] },
  { server: 'websocketd', version: 'websocketd 0.4.1-1+b11', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGINT', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGINT' } },
  ] },
  { server: 'npm-start', version: 'npm 11.19.1, node 20.20.2', from: 'npm', stops: [
    { how: 'SIGINT to the group (app handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.06, newcomers: ['refused'], exits: { after: 0.2, status: 'SIGINT' } },
    { how: 'SIGKILL', sees: [nothing], newcomers: ['let-in'], exits: { after: 0.1, status: 'SIGKILL', orphans: 2 } },
    { how: 'SIGTERM (app handler sends 1012)', sees: [nothing], newcomers: ['let-in'], exits: { after: 0.1, status: 'SIGTERM', orphans: 1 }, silentClient: { cut: 'never', exit: 0 } },
  ] },
  { server: 'sh-c-node', version: 'node 20.20.2, dash', from: 'npm', stops: [
    { how: 'SIGTERM (app handler sends 1012)', sees: [nothing], newcomers: ['let-in'], exits: { after: 0, status: 'SIGTERM', orphans: 1 } },
  ] },
  { server: 'hocuspocus', version: '@hocuspocus/server 3.4.4', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.09, newcomers: ['refused'], exits: { after: 0.2, status: '0' }, silentClient: { cut: 0.1, exit: 0.1 } },
    { how: 'SIGINT', sees: [end], after: 0.16, newcomers: ['refused'], exits: { after: 0.2, status: '0' } },
    { how: 'server.destroy()', sees: [nothing], newcomers: ['refused'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'colyseus', version: '@colyseus/core 0.17.51, @colyseus/ws-transport 0.17.13', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [{ what: 'close', code: 4001 }], after: 0.05, newcomers: ['refused'], exits: { after: 0.3, status: '0' }, silentClient: { cut: 0.1, exit: 0.1 } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 4001 }], after: 0.03, newcomers: ['refused'], exits: { after: 0.1, status: '0' } },
  ] },
  { server: 'puma-faye', version: 'puma 5.6.5-3+deb12u2, ruby-faye-websocket 0.11.0-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGINT', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.03, newcomers: ['refused'], exits: { after: 0.1, status: '0' } },
    { how: 'SIGUSR2 (hot restart)', sees: [end], after: 0.01, newcomers: ['accepted-silent', 'let-in'], exits: 'stays' },
  ] },
  { server: 'y-websocket-server', version: '@y/websocket-server 0.1.1', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.03, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'SIGINT (no handler)', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGINT' } },
  ] },
  { server: 'puma-faye-cluster', version: 'puma 5.6.5-3+deb12u2, ruby-faye-websocket 0.11.0-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.3, status: 'SIGTERM' }, silentClient: { cut: 0, exit: 0.3 } },
    { how: 'SIGUSR1 (phased restart)', sees: [end], after: 0.02, newcomers: ['let-in'], exits: 'stays' },
    { how: 'SIGUSR2 (hot restart)', sees: [end], after: 0.01, newcomers: ['accepted-silent', 'let-in'], exits: 'stays' },
  ] },
  { server: 'y-websocket-2', version: 'y-websocket 2.0.4', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.03, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
  ] },
  { server: 'parse-livequery', version: 'parse-server 9.10.0', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.13, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'liveQueryServer.shutdown()', sees: [nothing], newcomers: ['let-in'], exits: 'never', silentClient: 'never' },
  ] },
  { server: 'partykit-dev', version: 'partykit 0.0.115', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: '0', orphans: 1 }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGINT', sees: [end], after: 0.13, newcomers: ['accepted-reset'], exits: { after: 0.2, status: '0' } },
    { how: 'source file changed', sees: [end], after: 0.7, newcomers: ['let-in', 'let-in-ended', 'refused', 'let-in'], exits: 'stays' },
  ] },
  { server: 'thin-faye', version: 'thin 1.8.1-2, ruby-faye-websocket 0.11.0-1', from: 'Debian', stops: [
    { how: 'SIGINT', sees: [end], after: 0.09, newcomers: ['refused'], exits: { after: 0.1, status: '0' } },
    { how: 'SIGTERM', sees: [end], after: 28.5, spread: 0.4, newcomers: ['let-in', 'refused'], exits: { after: 29, status: '0' }, silentClient: { cut: 29.1, exit: 29.2 } },
    { how: 'SIGHUP', sees: [end], after: 3.6, newcomers: ['let-in', 'accepted-silent', 'accepted-reset'], exits: { after: 3.6, status: '1' } },
    { how: 'SIGQUIT', sees: [end], after: 28.8, spread: 0.3, newcomers: ['let-in', 'refused'], exits: { after: 29.1, status: '0' } },
  ] },
  { server: 'socketcluster', version: 'socketcluster-server 20.0.1', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.07, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' } },
    { how: 'agServer.close() + http close', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0, exit: 0.1 } },
  ] },
  { server: 'tomcat10', version: 'tomcat10 10.1.60-1~deb12u1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [{ what: 'close', code: 1001, reason: 'The web application is stopping' }], after: 0.04, newcomers: ['accepted-reset'], exits: { after: 0.3, status: '143' }, silentClient: { cut: 0.1, exit: 0.5 } },
    { how: 'SIGINT', sees: [{ what: 'close', code: 1001, reason: 'The web application is stopping' }], after: 0.05, newcomers: ['accepted-reset'], exits: { after: 0.4, status: '130' } },
    { how: 'SIGHUP', sees: [{ what: 'close', code: 1001, reason: 'The web application is stopping' }], after: 0.05, newcomers: ['accepted-reset', 'refused'], exits: { after: 0.6, status: '129' } },
  ] },
  { server: 'em-websocket', version: 'ruby-em-websocket 0.5.1-2', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'EM::WebSocket.stop', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 0, exit: 0 } },
  ] },
  { server: 'tomcat10-undeploy', version: 'tomcat10 10.1.60-1~deb12u1', from: 'Debian', stops: [
    { how: 'web.xml changed (context reload)', sees: [{ what: 'close', code: 1001, reason: 'The web application is stopping' }], after: 8.4, newcomers: ['let-in', 'accepted-silent'], exits: 'stays' },
  ] },
  { server: 'primus', version: 'primus 8.0.9', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'primus.destroy()', sees: [{ what: 'close', code: 1005 }], after: 0.04, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 30, exit: 30.1 } },
    { how: 'primus.destroy({reconnect:true})', sees: [{ what: 'close', code: 1005 }], after: 0.01, newcomers: ['refused'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 30, exit: 30.1 } },
  ] },
  { server: 'puma-actioncable-cluster', version: 'puma 5.6.5-3+deb12u2, ruby-actioncable 2:6.1.7.10+dfsg-1~deb12u4', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.01, newcomers: ['refused'], exits: { after: 0.3, status: 'SIGTERM' } },
    { how: 'SIGUSR1 (phased restart)', sees: [end], after: 0.01, newcomers: ['let-in'], exits: 'stays' },
  ] },
  { server: 'gun', version: 'gun 0.2020.1241', from: 'npm', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.04, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'SIGINT (no handler)', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: 'SIGINT' } },
  ] },
  { server: 'playwright-run-server', version: 'playwright-core 1.65.1', from: 'npm', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.13, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' }, silentClient: { cut: 0.1, exit: 0.1 } },
    { how: 'SIGINT', sees: [end], after: 0.18, newcomers: ['accepted-reset'], exits: { after: 0.2, status: 'SIGINT' } },
  ] },
  { server: 'pm2-fork', version: 'pm2 7.0.4', from: 'npm', stops: [
    { how: 'SIGTERM to pm2 start --no-daemon (app handler would send 1012)', sees: [end], after: 0.68, newcomers: ['let-in', 'accepted-reset'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'pm2 restart', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 3.8, newcomers: ['let-in', 'refused'], exits: 'stays' },
    { how: 'pm2 reload', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 4.3, newcomers: ['let-in', 'refused'], exits: 'stays' },
    { how: 'pm2 stop', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 4.5, newcomers: ['let-in', 'refused'], exits: 'stays', silentClient: { cut: 8.6 } },
    { how: 'pm2 stop (app without handler)', sees: [end], after: 7.7, newcomers: ['let-in', 'refused'], exits: 'stays' },
  ] },
  { server: 'mosquitto-v3', version: 'mosquitto 2.0.11-1.2+deb12u2', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.09, newcomers: ['accepted-reset'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0.1, exit: 0.1 } },
    { how: 'SIGKILL', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: 'SIGKILL' } },
    { how: 'SIGHUP', sees: [nothing], newcomers: ['let-in'], exits: 'stays' },
  ] },
  { server: 'pm2-cluster', version: 'pm2 7.0.4', from: 'npm', stops: [
    { how: 'pm2 reload, 2 workers', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 13.2, spread: 2.7, newcomers: ['let-in'], exits: 'stays', silentClient: { cut: 13.3 } },
  ] },
  { server: 'mosquitto-v5', version: 'mosquitto 2.0.11-1.2+deb12u2', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.08, newcomers: ['accepted-reset'], exits: { after: 0.1, status: '0' }, silentClient: { cut: 0.2, exit: 0.2 } },
  ] },
  { server: 'ejabberd', version: 'ejabberd 23.01-1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.15, newcomers: ['refused'], exits: { after: 1.3, status: '0' }, silentClient: { cut: 0, exit: 1.1 } },
    { how: 'ejabberdctl stop', sees: [end], after: 2.2, newcomers: ['let-in'], exits: { after: 3.3, status: '0' } },
  ] },
  { server: 'pm2-runtime', version: 'pm2 7.0.4', from: 'npm', stops: [
    { how: 'SIGTERM to pm2-runtime (handler sends 1012)', sees: [{ what: 'close', code: 1012, reason: 'restart' }], after: 0.11, newcomers: ['let-in-closed', 'refused'], exits: { after: 0.5, status: '0' }, silentClient: { cut: 1.7, exit: 2 } },
  ] },
  { server: 'qemu-vnc', version: 'qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGINT', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: '0' } },
  ] },
  { server: 'cockpit-ws', version: 'cockpit-ws 287.1-0+deb12u3', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM', orphans: 1 }, silentClient: { cut: 0, exit: 0 } },
    { how: 'SIGINT', sees: [end], after: 0.01, newcomers: ['gone'], exits: { after: 0, status: 'SIGINT' } },
  ] },
  { server: 'websocketpp', version: 'libwebsocketpp-dev 0.8.2-4, libasio-dev 1:1.22.1-1', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0, newcomers: ['gone'], exits: { after: 0, status: 'SIGTERM' } },
    { how: 'stop_listening()', sees: [nothing], newcomers: ['let-in', 'refused'], exits: 'never', silentClient: 'never' },
    { how: 'endpoint.stop()', sees: [end], after: 0.02, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 0, exit: 0 } },
    { how: 'stop_listening() + close(1001) each', sees: [{ what: 'close', code: 1001, reason: 'bye' }], after: 0.05, newcomers: ['gone'], exits: { after: 0, status: '0' }, silentClient: { cut: 5, exit: 5 } },
  ] },
  { server: 'puma-actioncable', version: 'puma 5.6.5-3+deb12u2, ruby-actioncable 2:6.1.7.10+dfsg-1~deb12u4', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGTERM' }, silentClient: { cut: 0, exit: 0.2 } },
    { how: 'SIGINT', sees: [end], after: 0.02, newcomers: ['refused'], exits: { after: 0.1, status: '0' } },
    { how: 'SIGUSR2 (hot restart)', sees: [end], after: 0.02, newcomers: ['accepted-silent', 'let-in'], exits: 'stays' },
  ] },
  { server: 'jupyter-server', version: 'jupyter-server 1.23.3-1, python3-tornado 6.2.0-3+deb12u4', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 3.9, newcomers: ['refused'], exits: { after: 3.9, status: '0' }, silentClient: { cut: 2.8, exit: 2.8 } },
    { how: 'SIGINT', sees: [end], after: 1, newcomers: ['accepted-reset'], exits: { after: 1, status: '0' } },
    { how: 'SIGHUP', sees: [end], after: 0.04, newcomers: ['refused'], exits: { after: 0.1, status: 'SIGHUP' } },
  ] },
  { server: 'rabbitmq-web-mqtt', version: 'rabbitmq-server 3.10.8-1.1+deb12u1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.13, newcomers: ['refused'], exits: { after: 1.4, status: '0' }, silentClient: { cut: 0, exit: 1.2 } },
  ] },
  { server: 'civetweb', version: 'libcivetweb-dev 1.15+dfsg-4', from: 'Debian', stops: [
    { how: 'mg_stop()', sees: [end], after: 0.9, newcomers: ['accepted-reset', 'refused'], exits: { after: 1.1, status: '0' }, silentClient: { cut: 1.1, exit: 1.1 } },
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.1, newcomers: ['accepted-reset'], exits: { after: 0.1, status: 'SIGTERM' } },
  ] },
  { server: 'jetty9', version: 'libjetty9-java 9.4.57-1.1~deb12u1', from: 'Debian', stops: [
    { how: 'SIGTERM (no handler)', sees: [end], after: 0.59, newcomers: ['accepted-reset'], exits: { after: 0.6, status: '143' } },
    { how: 'SIGTERM, setStopAtShutdown(true)', sees: [{ what: 'close', code: 1005 }], after: 0.01, newcomers: ['refused'], exits: { after: 0.1, status: '143' }, silentClient: { cut: 0.1, exit: 0.1 } },
    { how: 'SIGTERM, + setStopTimeout(10000)', sees: [{ what: 'close', code: 1005 }], after: 0.01, newcomers: ['gone'], exits: { after: 0.1, status: '143' }, silentClient: { cut: 0, exit: 0.1 } },
  ] },
  { server: 'rabbitmq-web-stomp', version: 'rabbitmq-server 3.10.8-1.1+deb12u1', from: 'Debian', stops: [
    { how: 'SIGTERM', sees: [end], after: 0.08, newcomers: ['refused'], exits: { after: 1.7, status: '0' } },
  ] },
]
