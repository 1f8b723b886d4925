// A gateway without supervisor, so that a profiler sees it: PORT=... BACKEND=... node --cpu-prof one-process.mjs <gateway/dist>
import net from 'node:net'
import { join } from 'node:path'

const dist = process.argv[2]
const { Gateway } = await import(join(dist, 'gateway.js'))
const { optionsFromFlags } = await import(join(dist, 'config-flags.js'))
const { createLogger } = await import(join(dist, 'log.js'))
const { PORT, BACKEND } = process.env
const { options, problems } = optionsFromFlags({
  listen: `127.0.0.1:${PORT}`,
  upstreams: [`ws://127.0.0.1:${BACKEND}`],
})
if (!options) throw new Error(problems.join())
const gateway = new Gateway(options, { log: createLogger({ level: 'error', pretty: false }) })
gateway.start()
net
  .createServer({ allowHalfOpen: true, noDelay: true }, (socket) => gateway.accept(options.listen[0], socket))
  .listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 })
process.on('SIGTERM', () => process.exit())
