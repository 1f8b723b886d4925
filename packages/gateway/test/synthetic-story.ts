// A quarter of an hour in the life of a busy gateway, for pictures of the operator's page: a backend has died, a route was
// drained, and an upgrade is on its way.
import { code } from '@holdfast/close-codes'
import { fakeClock } from '@holdfast/testing'
import { pino } from 'pino'
import { AdminServer } from '../src/operate/admin.ts'
import { ordinary, SyntheticOperations, syntheticWorker } from './synthetic-operations.ts'

const secondsLong = 300

export async function startStory(page: string, kind: 'upgrade' | 'incident' = 'upgrade') {
  const operations = new SyntheticOperations([
    {
      name: 'chat',
      open: 3912,
      held: 46,
      closing: 3,
      upstreams: [
        { name: 'ws://10.0.3.11:3000', connections: 1967 },
        { name: 'ws://10.0.3.12:3000', connections: 1945 },
        { name: 'ws://10.0.3.13:3000', connections: 0 },
      ],
    },
    {
      name: 'notifications',
      open: 0,
      held: 20,
      upstreams: [
        { name: 'ws://10.0.4.21:3000', connections: 0 },
        { name: 'ws://10.0.4.22:3000', connections: 0 },
      ],
    },
    {
      name: 'live-scores',
      open: 818,
      closing: 0,
      upstreams: [
        { name: 'ws://scores.internal:8000', address: '10.0.5.20:8000', connections: 410 },
        { name: 'ws://scores.internal:8000', address: '10.0.5.21:8000', connections: 408 },
      ],
    },
  ])
  if (kind === 'upgrade') operations.routes.splice(1, 1)
  const clock = fakeClock(Date.now() - secondsLong * 1000)
  const log = pino({ level: 'silent' })
  const admin = new AdminServer({ host: '127.0.0.1', port: 0 }, { operations, log, clock, page })
  await admin.listen()
  const watcher = await fetch(`${admin.url}/api/frames`)
  void watcher.body?.pipeTo(new WritableStream()).catch(() => {})
  const random = noise()
  const realNow = Date.now
  // Events carry the time of the story.
  Date.now = () => clock.now()
  for (let second = 0; second <= secondsLong; second++) {
    live(operations, second, random, kind)
    clock.tick(1000)
    // The look at the state, and the answer to it.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  // It does not end, so that pages are told what it came to.
  const timer = setInterval(() => {
    clock.tick(100)
    operations.pass('chat', 3, 560)
    operations.pass('live-scores', 1, 840)
    for (const [n, by, reason] of ordinary) operations.close('chat', n, by, reason, random() < 0.9 ? 1 : 0, 0)
  }, 100)
  return {
    url: admin.url,
    close() {
      clearInterval(timer)
      Date.now = realNow
      void admin.close()
    },
  }
}

function live(
  operations: SyntheticOperations,
  second: number,
  random: () => number,
  kind: 'upgrade' | 'incident',
): void {
  const n = (most: number) => Math.round(random() * most)
  const retry = (text: string) => () => `${text}; retry=${1000 + n(4000)}`
  operations.pass('chat', 22 + n(14), 5200 + n(900))
  operations.pass('live-scores', 6 + n(5), 8100 + n(600))
  const [normal, away, empty] = ordinary
  operations.close('chat', ...normal!, 9 + n(8), second > 290 ? 2 : 0)
  operations.close('chat', ...away!, 8 + n(6), second > 293 ? 3 : 0)
  operations.close('live-scores', ...empty!, 3 + n(4), second === 297 ? 1 : 0)
  if (random() < 0.12)
    operations.close('chat', code.abnormalClosure, 'client', '', 1 + n(2), second > 250 ? 1 : 0)
  if (second === 52) operations.drains = [{ ...drained, closed: 0, done: false }]
  if (second > 52 && second <= 82)
    operations.close('live-scores', code.serviceRestart, 'gateway', retry('service restart'), 26 + n(3))
  if (second === 83) {
    operations.drains = [drained]
    operations.events.publish({ type: 'drain', at: Date.now(), drain: drained, worker: 1 })
  }
  if (second === 171) {
    operations.health('chat', 'ws://10.0.3.13:3000', false, 'connection refused')
    operations.close('chat', code.badGateway, 'gateway', retry('bad gateway: upstream connection lost'), 64)
  }
  if (second > 171 && second < 186)
    operations.close(
      'chat',
      code.badGateway,
      'gateway',
      retry('bad gateway: connection refused'),
      Math.max(1, 41 - 3 * (second - 171) + n(4)),
    )
  if (second > 200 && second < 206)
    operations.close('chat', code.policyViolation, 'gateway', 'too many messages', 1 + n(3))
  if (second === 240)
    operations.events.publish({
      type: 'reload',
      at: Date.now(),
      changes: ["route 'chat': hold.for changed"],
      drained: 0,
    })
  if (second === 288 && kind === 'upgrade') startUpgrade(operations)
  if (kind === 'incident') loseNotifications(operations, second)
}

/** One upstream is drained for a deploy, and then the other one dies. */
function loseNotifications(operations: SyntheticOperations, second: number): void {
  const [first, other] = operations.route('notifications').upstreams
  if (second === 262) {
    Object.assign(first!, { state: 'drained' })
    for (const worker of [1, 2]) {
      const drain = { scope: `upstream ${first!.name}`, total: 10, closed: 0, cut: 0, moved: 10, done: true }
      operations.drains = [...operations.drains, { ...drain, total: 20, moved: 20 }].slice(-2)
      operations.events.publish({ type: 'drain', at: Date.now(), drain, worker })
    }
  }
  if (second === 281) operations.health('notifications', other!.name, false, 'connection refused')
  if (second > 281 && second < 284)
    operations.close(
      'notifications',
      code.badGateway,
      'gateway',
      'bad gateway: connection refused; retry=2000',
      2,
    )
  Object.assign(operations.route('notifications'), {
    waiting: 3,
    givesUpInMs: 24_000 - Math.max(0, second - 295) * 1000,
  })
}

const drained = { scope: 'route live-scores', total: 812, closed: 812, cut: 0, moved: 0, done: true }

function startUpgrade(operations: SyntheticOperations): void {
  const upgrade = {
    startedAt: Date.now(),
    phase: 'moving' as const,
    from: '0.1.0',
    to: '0.2.0',
    total: 4779,
    moved: 3104,
    ended: 0,
  }
  operations.upgradeInfo = upgrade
  operations.workers = [
    syntheticWorker(1, { state: 'leaving', connections: 841 }),
    syntheticWorker(2, { state: 'leaving', connections: 834 }),
    syntheticWorker(3, { generation: 2, version: '0.2.0', connections: 1560 }),
    syntheticWorker(4, { generation: 2, version: '0.2.0', connections: 1544 }),
  ]
  operations.events.publish({ type: 'upgrade', at: Date.now(), upgrade })
}

/** The same every time, so that the pictures only change with the page. */
function noise(): () => number {
  let state = 42
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}
