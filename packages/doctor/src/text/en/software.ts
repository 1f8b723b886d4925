import type { TextsOf } from '../../finding-text.ts'

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
      '  await new Promise((resolve) => setTimeout(resolve, 1000)) // shutdown() here would be first, with 1001',
      '  Deno.exit()',
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
    fix: ["import { gracefulRestart } from '@holdfast/restart'", 'gracefulRestart(app)'],
  },
  'software-socketio': {
    title: 'the server is Socket.IO or Engine.IO',
    why: 'io.close() sends an empty Close (1005), and one silent client holds it for 30 s; without a handler SIGTERM cuts without a Close.',
    fix: ["import { gracefulRestart } from '@holdfast/restart'", 'gracefulRestart(io)'],
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
      'async def shutdown_trigger():  # for hypercorn.asyncio.serve(app, config, shutdown_trigger=shutdown_trigger)',
      '    await stopping.wait()      # set by loop.add_signal_handler(signal.SIGTERM, stopping.set)',
      "    close = {'type': 'websocket.close', 'code': 1012, 'reason': 'service restart'}",
      '    await asyncio.gather(*(send(close) for send in set(clients)), return_exceptions=True)',
    ],
  },
  'software-daphne': {
    title: 'the server is Daphne or Autobahn',
    why: 'Daphne 4.0 cuts without a Close (1006).',
    fix: [
      '# nothing was found here that makes it say 1012: put Holdfast in front, which does',
      '# or let Uvicorn serve the same application:',
      'uvicorn --ws wsproto project.asgi:application',
    ],
  },
  'software-gunicorn': {
    title: 'the server is Gunicorn',
    why: 'With UvicornWorker it cuts without a Close (1006); with gevent or eventlet clients work on for 30 s and are then cut; SIGHUP gives an empty Close after 32 s.',
    fix: [
      'class Worker(uvicorn.workers.UvicornWorker):  # gunicorn -k module.Worker',
      "    CONFIG_KWARGS = {**uvicorn.workers.UvicornWorker.CONFIG_KWARGS, 'ws': 'wsproto'}",
    ],
  },
  'software-aiohttp': {
    title: 'the server is aiohttp',
    why: 'aiohttp 3.8 leaves sockets open for 60 s and throws away what comes. With the hook of its documentation clients get 1000 in place of the code that was given.',
    fix: [
      'async def restart(app):  # app.on_shutdown.append(restart)',
      "    app['restarting'] = True",
      "    for ws in set(app['clients']):",
      "        await ws.close(code=1012, message=b'service restart')",
      '# at the end of each handler: its own close comes first',
      "if app['restarting']:",
      "    await ws.close(code=1012, message=b'service restart')",
    ],
  },
  'software-tornado': {
    title: 'the server is Tornado',
    why: 'Without a handler, and with HTTPServer.stop() too, Tornado 6.2 cuts without a Close (1006).',
    fix: [
      'asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)',
      'await stopping.wait()',
      'server.stop()',
      'for client in set(clients):',
      "    client.close(1012, 'service restart')",
      'await asyncio.sleep(1)',
    ],
  },
  'software-websockets': {
    title: 'the server is websockets (Python)',
    why: 'Without a handler SIGTERM cuts without a Close (1006). Leaving `async with serve(…)` says 1001; a silent client holds the exit for 20 s.',
    fix: [
      'loop.add_signal_handler(signal.SIGTERM, stop.set)',
      'async with websockets.serve(handler, host, port, close_timeout=2) as server:',
      '    await stop.wait()',
      "    await asyncio.gather(*(ws.close(1012, 'service restart') for ws in set(server.websockets)))",
    ],
  },
  'software-puma': {
    title: 'the server is Puma',
    why: 'Puma 5.6 cuts every WebSocket without a Close (1006), on SIGTERM and on its phased and hot restarts too; Action Cable says nothing.',
    fix: ['# nothing was found here that makes it say 1012: put Holdfast in front, which does'],
  },
  'software-mojolicious': {
    title: 'the server is Mojolicious',
    why: 'SIGTERM cuts without a Close (1006). SIGQUIT, the graceful stop, leaves clients for 120 s, and newcomers get TCP without an answer.',
    fix: ['# nothing was found here that makes it say 1012: put Holdfast in front, which does'],
  },
  'software-jetty': {
    title: 'the server is Jetty',
    why: 'Jetty 9.4 cuts without a Close on SIGTERM; with setStopAtShutdown(true) it sends an empty one (1005).',
    fix: ['# nothing was found here that makes it say 1012: put Holdfast in front, which does'],
  },
  'software-tomcat': {
    title: 'the server is Tomcat',
    why: 'Tomcat 10 says 1001 "The web application is stopping" to all at once, on SIGTERM and when the application is reloaded.',
    fix: ['# nothing was found here that makes it say 1012: put Holdfast in front, which does'],
  },
  'software-go': {
    title: 'the server is written in Go',
    why: 'http.Server.Shutdown does not know hijacked connections: they are cut when main returns, without a Close (1006).',
    fix: [
      '<-ctx.Done() // signal.NotifyContext(context.Background(), syscall.SIGTERM)',
      'server.Shutdown(context.Background())',
      'text := websocket.FormatCloseMessage(websocket.CloseServiceRestart, "service restart")',
      'for c := range connections { c.WriteControl(websocket.CloseMessage, text, time.Now().Add(time.Second)) }',
      'time.Sleep(time.Second)',
    ],
  },
  'software-workerd': {
    title: 'the server is workerd',
    why: 'SIGTERM with an open WebSocket is a black hole: nothing is closed, the process never ends, and TCP is accepted without an answer. SIGINT ends it at once (1006).',
    fix: [
      '# stop it with SIGINT, which ends it: STOPSIGNAL SIGINT in the Dockerfile, KillSignal=SIGINT in the unit',
      '# nothing was found here that makes it say 1012: put Holdfast in front, which does',
    ],
  },
}
