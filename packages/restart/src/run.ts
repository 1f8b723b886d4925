import { code } from '@holdfast/close-codes'
import { startDrain } from './drain.ts'
import type { Settings } from './options.ts'
import type { RestartServer } from './seam.ts'
import type { RestartEvent, RestartState } from './state.ts'
import { within } from './within.ts'

/** How a restart went: the state `done`, with the counts and how many milliseconds it took. */
export type RestartReport = Extract<RestartState, { phase: 'done' }>

// At the deadline everything is cut; this long the server may take to notice.
const afterCut = 1000

/** The whole restart, from `serving` to `done`. `report` moves the state on and returns the new one. */
export async function run(
  server: RestartServer,
  settings: Settings,
  report: (event: RestartEvent) => RestartState,
): Promise<RestartReport> {
  const { clock, deadline, requests, spread, log } = settings
  const begun = clock.now()
  const elapsed = () => clock.now() - begun

  report({ what: 'started' })
  log('restart: refusing new connections')
  server.refuse({ requests, retryAfter: () => retryAfter(settings) })

  const drain = startDrain(server, settings, report)
  log(`restart: telling each connection ${code.serviceRestart}, over ${spread} ms`)
  const drained = await within(clock, deadline, settled(drain.drained))
  if (!drained) drain.cut()

  report({ what: 'drained' })
  log('restart: closing the server')
  const closed = server.close()
  if (!(await within(clock, Math.max(0, deadline - elapsed()), settled(closed)))) {
    log('restart: deadline; cutting what is left')
    server.cut()
    await within(clock, afterCut, settled(closed))
  }
  server.release()

  const done = report({ what: 'ended', ms: Math.round(elapsed()) }) as RestartReport
  log(`restart: done in ${done.ms} ms; closed ${done.closed}, left ${done.left}, cut ${done.cut}`)
  return done
}

/** Whole seconds from the same range as the `retry=` of a Close. */
function retryAfter({ retry: [least, greatest], random }: Settings): number {
  return Math.max(1, Math.ceil((least + random() * (greatest - least)) / 1000))
}

const settled = (promise: Promise<unknown>) => (done: () => void) => {
  promise.then(done, done)
  return () => {}
}
