import { describe, expect, test } from 'vitest'
import type { restartFindings } from '../../src/findings-restart.ts'
import { judge } from '../../src/restart/judge.ts'
import { type Manager, managers, outcomeUnder } from '../../src/restart/managers.ts'
import type { Watched } from '../../src/restart/stop.ts'
import type { ClientSaw } from '../../src/restart/witness.ts'

const member = (pid: number, command: string, main: boolean, ports: number[]) => ({
  pid,
  command,
  main,
  ports,
})
const alone = [member(10, 'node server.mjs', true, [3000])]
const behindShell = [member(10, 'sh -c x', true, []), member(11, 'node server.mjs', false, [3000])]

const close = (code: number, afterMs: number, reason = ''): Omit<ClientSaw, 'client'> => ({
  sees: { what: 'close', code, reason },
  afterMs,
  cutMs: afterMs + 5,
})
const end = (afterMs: number): Omit<ClientSaw, 'client'> => ({
  sees: { what: 'end' },
  afterMs,
  cutMs: afterMs,
})
const nothing: Omit<ClientSaw, 'client'> = { sees: { what: 'nothing' } }

function watched(
  seen: Omit<ClientSaw, 'client'>[],
  rest: Partial<Watched> = {},
  silent: Omit<ClientSaw, 'client'> = seen[0]!,
): Watched {
  const clients: ClientSaw[] = seen.map((one, i) => ({ client: i === 0 ? 'talking' : 'quiet', ...one }))
  return {
    target: 'main',
    clients: [...clients, { client: 'silent', ...silent }],
    newcomers: [],
    left: [],
    catchesTerm: true,
    watchedMs: 30_000,
    ...rest,
  }
}

function judged(runs: Watched[], members = alone) {
  const outcomes = (Object.keys(managers) as Manager[]).map((manager) =>
    outcomeUnder(manager, runs.find(({ target }) => target === managers[manager].target) ?? runs[0]!),
  )
  return { outcomes, findings: judge(outcomes, runs, members) }
}

const exitAt = (afterMs: number, signal: string | null = null) => ({
  exit: { afterMs, status: signal ? null : 0, signal },
  allEndedMs: afterMs,
})

/** One stop for each finding. */
const fixtures: Record<keyof typeof restartFindings, () => ReturnType<typeof judged>> = {
  'restart-announced': () => judged([watched([close(1012, 10), close(1012, 900)], exitAt(950))]),
  'restart-no-close': () => judged([watched([end(20), end(20)], exitAt(30))]),
  'restart-done-code': () => judged([watched([close(1000, 3_000), close(1000, 3_000)], exitAt(3_300))]),
  'restart-empty-close': () =>
    judged([watched([{ sees: { what: 'close', reason: '' }, afterMs: 5 }], exitAt(30))]),
  'restart-other-code': () => judged([watched([close(4001, 10)], exitAt(30))]),
  'restart-not-told': () => judged([watched([nothing, nothing])]),
  'restart-swallowed': () =>
    judged(
      [
        watched([nothing], {
          exit: { afterMs: 20, status: null, signal: 'SIGTERM' },
          left: [behindShell[1]!],
          watchedMs: 1_600,
        }),
        watched([close(1012, 10)], { target: 'group', ...exitAt(60) }),
      ],
      behindShell,
    ),
  'restart-ignored': () => judged([watched([end(20)], exitAt(30, 'SIGTERM'))]),
  'restart-silent-client': () =>
    judged([
      watched(
        [close(1012, 10), close(1012, 12)],
        { watchedMs: 30_000 },
        { ...close(1012, 10), cutMs: 29_990 },
      ),
    ]),
  'restart-slow-exit': () => judged([watched([close(1012, 10)], { ...exitAt(8_000), watchedMs: 8_000 })]),
  'restart-killed': () => judged([watched([close(1012, 10)])]),
  'restart-left-behind': () =>
    judged(
      [
        watched([close(1012, 10)], { ...exitAt(60) }),
        watched([close(1012, 10)], {
          target: 'group',
          exit: { afterMs: 20, status: 0, signal: null },
          left: [behindShell[1]!],
        }),
      ],
      behindShell,
    ),
  'restart-lets-in': () =>
    judged([watched([close(1012, 10)], { ...exitAt(900), newcomers: [{ met: 'let-in', afterMs: 60 }] })]),
  'restart-thrown-out': () =>
    judged([
      watched([close(1012, 10)], { ...exitAt(900), newcomers: [{ met: 'let-in-closed', afterMs: 60 }] }),
    ]),
  'restart-unanswered': () =>
    judged([watched([nothing], { newcomers: [{ met: 'accepted-silent', afterMs: 60 }] })]),
  'restart-at-once': () => judged([watched([close(1012, 10), close(1012, 12)], exitAt(30))]),
  'restart-no-delay': () => judged([watched([close(1012, 10), close(1012, 900)], exitAt(950))]),
}

describe('judge', () => {
  test.each(Object.keys(fixtures) as (keyof typeof fixtures)[])('finds %s', (code) => {
    expect(fixtures[code]().findings.map((one) => one.code)).toContain(code)
  })

  test('says what managers share once, with the times of each', () => {
    const { findings } = judged([watched([end(20)], exitAt(30, 'SIGTERM'))])
    expect(findings.map(({ code, args }) => [code, args.manager])).toEqual([
      ['restart-ignored', 'Docker and Kubernetes'],
      ['restart-no-close', 'Docker, Kubernetes and systemd'],
    ])
    expect(findings[0]?.args.grace).toBe('10 s and 30 s')
  })

  test('takes a stop that is spread, with delays, and over in time for healthy', () => {
    const one = watched(
      [close(1012, 100, 'service restart; retry=900'), close(1012, 1_900, 'service restart; retry=400')],
      exitAt(2_000),
    )
    const { findings, outcomes } = judged([one])
    expect(findings.map(({ code }) => code)).toEqual(['restart-announced'])
    expect(outcomes.every(({ killed }) => killed === undefined)).toBe(true)
  })

  test('calls a silent client an error only where the manager kills before the exit', () => {
    const held = watched(
      [close(1012, 10), close(1012, 12)],
      { ...exitAt(20_100), watchedMs: 20_100 },
      { ...close(1012, 10), cutMs: 20_000 },
    )
    const levels = judged([held]).findings.filter(({ code }) => code === 'restart-silent-client')
    expect(levels.map(({ level, args }) => [level, args.manager])).toEqual([
      ['error', 'Docker'],
      ['warning', 'Kubernetes and systemd'],
    ])
  })

  test('gives each client the fate that the manager makes of it', () => {
    const { outcomes } = judged([
      watched([close(1012, 10), close(1012, 15_000)], { ...exitAt(16_000), watchedMs: 16_000 }),
    ])
    const fates = outcomes.map(({ manager, killed, endsAfterMs, clients }) => [
      manager,
      killed,
      endsAfterMs,
      clients.map(({ sees }) => sees.what),
    ])
    expect(fates).toEqual([
      ['docker', 'grace', 10_000, ['close', 'end', 'close']],
      ['kubernetes', undefined, 16_000, ['close', 'close', 'close']],
      ['systemd', undefined, 16_000, ['close', 'close', 'close']],
    ])
  })
})
