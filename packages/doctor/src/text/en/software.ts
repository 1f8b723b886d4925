import type { TextsOf } from '../../words.ts'

/** The words about servers that show themselves: what they do on SIGTERM, as measured, and the lines that make them say 1012. */
export const software: TextsOf<'software'> = {
  'software-node': {
    title: 'the server runs on Node',
    why: 'Without a handler SIGTERM cuts every WebSocket without a Close (1006). server.close() and wss.close() of ws 8 leave them open for ever, and after Close one silent client holds the exit for 30 s.',
    fix: [
      "import { gracefulRestart } from '@holdfast/restart'",
      'gracefulRestart(server) // a ws or http server; several: gracefulRestart([server, wss])',
    ],
  },
  'software-bun': {
    title: 'the server runs on Bun',
    why: 'Without a handler SIGTERM cuts every WebSocket without a Close (1006). server.stop(true) of Bun 1.4 says 1001 to all at once; server.stop() leaves them open for ever.',
    fix: [
      "import { gracefulRestart } from '@holdfast/restart'",
      'const restart = gracefulRestart(Bun.serve(options)) // see the README of @holdfast/restart for its handlers',
    ],
  },
  'software-deno': {
    title: 'the server runs on Deno',
    why: 'Without a handler SIGTERM cuts every WebSocket without a Close (1006). server.shutdown() of Deno 2.9 says 1001; aborting the signal of Deno.serve puts 1005 on the wire, which is forbidden.',
    fix: [
      "Deno.addSignalListener('SIGTERM', async () => {",
      "  for (const socket of sockets) socket.close(1012, 'service restart')",
      '  await server.shutdown()',
      '})',
    ],
  },
  'software-fastify': {
    title: 'the server is Fastify',
    why: 'app.close() with @fastify/websocket sends an empty Close (1005), and one silent client holds it for 30 s; without a handler SIGTERM cuts without a Close.',
    fix: [
      "import { gracefulRestart } from '@holdfast/restart'",
      'gracefulRestart(app) // before app.register(websocket)',
    ],
  },
  'software-nest': {
    title: 'the server is NestJS',
    why: 'With enableShutdownHooks() WsAdapter cuts without a Close (1006), and IoAdapter sends an empty one (1005) and waits 30 s for a silent client.',
    fix: [
      "import { gracefulRestart } from '@holdfast/restart'",
      'gracefulRestart(app.getHttpServer()) // and the WebSocketServer of each gateway: [app.getHttpServer(), gateway.server]',
    ],
  },
  'software-socketio': {
    title: 'the server is Socket.IO or Engine.IO',
    why: 'io.close() sends an empty Close (1005), and one silent client holds it for 30 s; without a handler SIGTERM cuts without a Close.',
    fix: [
      "import { gracefulRestart } from '@holdfast/restart'",
      'gracefulRestart([httpServer, io.engine.ws]) // the WebSocket server inside; then io.close()',
    ],
  },
  'software-uvicorn': {
    title: 'the server is Uvicorn',
    why: 'Uvicorn 0.17 says 1012 only with wsproto; with its usual websockets it cuts without a Close (1006), and lets newcomers in meanwhile.',
    fix: ['uvicorn --ws wsproto app:app'],
  },
  'software-hypercorn': {
    title: 'the server is Hypercorn',
    why: 'Hypercorn 0.13 waits 3 s on SIGTERM and then says 1000, after which some clients stay away.',
    fix: [
      '# in the application: keep what accepted connections send by, and on the event lifespan.shutdown',
      "await send({'type': 'websocket.close', 'code': 1012, 'reason': 'service restart'})",
    ],
  },
  'software-daphne': {
    title: 'the server is Daphne or Autobahn',
    why: 'Daphne 4.0 cuts without a Close (1006).',
    fix: [
      '# Daphne has no hook before it cuts: let Uvicorn serve the application',
      'uvicorn --ws wsproto project.asgi:application',
    ],
  },
  'software-gunicorn': {
    title: 'the server is Gunicorn',
    why: 'With UvicornWorker it cuts without a Close (1006); with gevent or eventlet clients work on for 30 s and are then cut; SIGHUP gives an empty Close after 32 s.',
    fix: [
      '# in a module of its own: a worker that speaks wsproto, which says 1012',
      'class Worker(uvicorn.workers.UvicornWorker):',
      "    CONFIG_KWARGS = {**uvicorn.workers.UvicornWorker.CONFIG_KWARGS, 'ws': 'wsproto'}",
    ],
  },
  'software-aiohttp': {
    title: 'the server is aiohttp',
    why: 'aiohttp 3.8 leaves sockets open for 60 s and throws away what comes. With the hook of its documentation clients get 1000 in place of the code that was given.',
    fix: [
      'async def restart(app):',
      "    for ws in set(app['websockets']):",
      '        await ws._writer.close(1012, b"service restart")  # close() would be overtaken by the handler\'s own 1000',
      'app.on_shutdown.append(restart)',
    ],
  },
  'software-tornado': {
    title: 'the server is Tornado',
    why: 'Without a handler, and with HTTPServer.stop() too, Tornado 6.2 cuts without a Close (1006).',
    fix: [
      'signal.signal(signal.SIGTERM, lambda *_: loop.add_callback_from_signal(stop))',
      'async def stop():',
      '    server.stop()',
      "    for handler in clients: handler.close(1012, 'service restart')",
      '    await asyncio.sleep(1)',
      '    loop.stop()',
    ],
  },
  'software-websockets': {
    title: 'the server is websockets (Python)',
    why: 'Without a handler SIGTERM cuts without a Close (1006). Leaving `async with serve(…)` says 1001; a silent client holds the exit for 20 s.',
    fix: [
      'loop.add_signal_handler(signal.SIGTERM, stop.set_result, None)',
      'await stop',
      "await asyncio.gather(*(ws.close(1012, 'service restart') for ws in server.websockets))",
    ],
  },
  'software-puma': {
    title: 'the server is Puma',
    why: 'Puma 5.6 cuts every WebSocket without a Close (1006), on SIGTERM and on its phased and hot restarts too; Action Cable says nothing.',
    fix: [
      '# config/puma.rb',
      'on_worker_shutdown { ActionCable.server.connections.each { |c| c.send(:websocket).close } }',
      '# websocket-driver may not send 1012; put Holdfast in front, which says it',
    ],
  },
  'software-mojolicious': {
    title: 'the server is Mojolicious',
    why: 'SIGTERM cuts without a Close (1006). SIGQUIT, the graceful stop, leaves clients for 120 s, and newcomers get TCP without an answer.',
    fix: [
      '$app->hook(before_server => sub ($server, $app) { $server->on(finish => sub {',
      "  $_->finish(1012 => 'service restart') for values %clients }) });",
    ],
  },
  'software-jetty': {
    title: 'the server is Jetty',
    why: 'Jetty 9.4 cuts without a Close on SIGTERM; with setStopAtShutdown(true) it sends an empty one (1005).',
    fix: [
      'Runtime.getRuntime().addShutdownHook(new Thread(() -> {',
      '  for (Session session : sessions) session.close(1012, "service restart");',
      '}));',
    ],
  },
  'software-tomcat': {
    title: 'the server is Tomcat',
    why: 'Tomcat 10 says 1001 "The web application is stopping" to all at once, on SIGTERM and when the application is reloaded.',
    fix: [
      '// in contextDestroyed of a ServletContextListener, which comes too late for 1001 to be changed,',
      '// so close before: on your own signal or from the preStop hook',
      'session.close(new CloseReason(CloseReason.CloseCodes.SERVICE_RESTART, "service restart"));',
    ],
  },
  'software-go': {
    title: 'the server is written in Go',
    why: 'http.Server.Shutdown does not know hijacked connections: they are cut when main returns, without a Close (1006).',
    fix: [
      'server.RegisterOnShutdown(func() {',
      '  for _, c := range connections { c.WriteControl(websocket.CloseMessage,',
      '    websocket.FormatCloseMessage(1012, "service restart"), time.Now().Add(time.Second)) }',
      '})',
    ],
  },
  'software-workerd': {
    title: 'the server is workerd',
    why: 'SIGTERM with an open WebSocket is a black hole: nothing is closed, the process never ends, and TCP is accepted without an answer. SIGINT ends it at once (1006).',
    fix: [
      '# stop it with SIGINT: STOPSIGNAL SIGINT in the Dockerfile, KillSignal=SIGINT in the unit',
      "# say 1012 before that: for (const socket of sockets) socket.close(1012, 'service restart')",
    ],
  },
}
