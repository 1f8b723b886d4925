import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, tcpServer } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import type { FindingCode } from '../../src/findings.ts'
import { checkRestart } from '../../src/restart/restart.ts'
import type { RestartOptions } from '../../src/restart/restart-options.ts'
import { fix, title, why } from '../../src/words.ts'

const server = fileURLToPath(new URL('server.mjs', import.meta.url))
const node = (how: string) => `${process.execPath} ${server} ${how}`
const quick: RestartOptions = { clients: 4, start: 20_000, grace: 2_500 }

const codesOf = ({ findings }: { findings: { code: FindingCode }[] }) => findings.map(({ code }) => code)

/** The command lines of all that runs here. */
function commands(): string[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cmdline`, 'utf8')] : []
    } catch {
      return []
    }
  })
}

/** Nothing of a command runs any more. */
async function gone(processes: readonly { pid: number }[]): Promise<void> {
  for (const { pid } of processes)
    await eventually(`process ${pid} is gone`, () => !existsSync(`/proc/${pid}`))
}

// Ports and processes are looked up where Linux shows them.
describe.skipIf(process.platform !== 'linux')('checkRestart', () => {
  const scenes: [how: string, finds: FindingCode[], sees: object][] = [
    ['none', ['restart-ignored', 'restart-no-close', 'software-node'], { what: 'end' }],
    ['hang', ['restart-not-told', 'software-node'], { what: 'end' }],
    [
      'restart',
      ['restart-announced', 'restart-silent-client', 'restart-no-delay', 'software-node'],
      { what: 'close', code: 1012, reason: 'restart' },
    ],
    ['done', ['restart-done-code', 'software-node'], { what: 'close', code: 1000, reason: '' }],
    ['away', ['restart-other-code', 'software-node'], { what: 'close', code: 1001, reason: 'bye' }],
    ['empty', ['restart-empty-close', 'software-node'], { what: 'close', reason: '' }],
    ['stays', ['restart-announced', 'restart-killed'], { what: 'close', code: 1012 }],
    ['lets-in', ['restart-announced', 'restart-lets-in'], { what: 'close', code: 1012 }],
    ['thrown-out', ['restart-announced', 'restart-thrown-out'], { what: 'close', code: 1012 }],
  ]

  test.each(scenes)('says what clients of a server see that stops so: %s', async (how, finds, sees) => {
    const result = await checkRestart(node(how), quick)
    expect(codesOf(result)).toEqual(expect.arrayContaining(finds))
    const { clients } = result.outcomes[0]!
    expect(clients.map(({ client }) => client).sort()).toEqual(['quiet', 'quiet', 'silent', 'talking'])
    for (const { client, sees: seen } of clients) if (client !== 'silent') expect(seen).toMatchObject(sees)
    for (const one of result.findings) {
      const text = [title(one), why(one), ...fix(one)].join('\n')
      for (const name of Object.keys(one.args)) expect(text).not.toContain(`{${name}}`)
    }
    await gone(result.processes)
  })

  test('finds nothing to fix in a server with @holdfast/restart: spread, with delays, the silent client cut', async () => {
    const result = await checkRestart(node('helper'), { ...quick, grace: 10_000 })
    expect(codesOf(result)).toEqual(['restart-announced'])
    expect(result.healthy).toBe(true)
    const [docker] = result.outcomes
    expect(docker?.killed).toBeUndefined()
    expect(docker!.endsAfterMs!).toBeLessThan(10_000)
    for (const { client, sees } of docker!.clients) {
      if (client !== 'silent')
        expect(sees).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=\d+/) })
    }
  })

  test('says that a shell in between does not pass the signal on, and what systemd makes of the same', async () => {
    const result = await checkRestart(`sh -c '${node('restart')}; true'`, quick)
    expect(result.processes.map(({ main, ports }) => [main, ports.length])).toEqual([
      [true, 0],
      [false, 1],
    ])
    const swallowed = result.findings.find(({ code }) => code === 'restart-swallowed')
    expect(swallowed?.args).toMatchObject({ manager: 'Docker and Kubernetes', by: 'sh' })
    const seen = Object.fromEntries(result.outcomes.map((one) => [one.manager, one.clients[0]!.sees]))
    expect(seen).toMatchObject({ docker: { what: 'end' }, systemd: { what: 'close', code: 1012 } })
    await gone(result.processes)
  })

  test('says the same of npm start, which ends by itself: in a container the server is killed with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-restart-'))
    try {
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start: node('restart') } }))
      const result = await checkRestart(`npm start --prefix ${folder}`, quick)
      expect(codesOf(result)).toContain('restart-swallowed')
      const docker = result.outcomes.find(({ manager }) => manager === 'docker')
      expect(docker).toMatchObject({ killed: 'first-ended', ignored: false })
      expect(docker?.clients[0]?.sees).toEqual({ what: 'end' })
      await gone(result.processes)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('takes a URL, and the headers and subprotocols that it wants', async () => {
    const free = await tcpServer(() => {})
    const { port } = free
    await free[Symbol.asyncDispose]()
    const url = `ws://127.0.0.1:${port}/ws`
    const result = await checkRestart(`PORT=${port} ${node('path')}`, { ...quick, url })
    expect(result.url).toBe(url)
    expect(codesOf(result)).toContain('restart-no-close')
  })

  const troubles: [what: string, command: string, options: RestartOptions, code: string, message: RegExp][] =
    [
      [
        'no such command',
        'holdfast-no-such-command --x',
        {},
        'command_not_found',
        /no program 'holdfast-no-such/,
      ],
      [
        'none for the shell',
        'holdfast-no-such-command; exit 127',
        {},
        'command_not_found',
        /the shell finds no/,
      ],
      [
        'one that ends',
        `${process.execPath} -e "console.log('no config');process.exit(3)"`,
        {},
        'exited',
        /status 3.*no config/,
      ],
      [
        'one that never listens',
        `${process.execPath} -e "setInterval(function(){},1000)"`,
        { start: 700 },
        'never_listened',
        /does not listen 700 ms after/,
      ],
      [
        'another path',
        node('path'),
        { start: 8_000 },
        'refused',
        /lets no WebSocket in .*status 400.*with its path/,
      ],
      [
        'one that takes no clients',
        node('mute'),
        {},
        'clients_lost',
        /ended the .* client before it was stopped/,
      ],
      ['no URL', node('none'), { url: 'ftp://x' }, 'bad_url', /not a WebSocket URL/],
    ]

  test.each(troubles)('says what to do about %s', async (_, command, options, code, message) => {
    await expect(checkRestart(command, { ...quick, ...options })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  test('ends what has left its session and its parent, too', async () => {
    const id = `holdfast-daemon-${process.pid}`
    const daemon = `setsid ${process.execPath} -e "setInterval(function(){},1000)" ${id}`
    const command = `sh -c '(${daemon} >/dev/null 2>&1 &) ; sleep 0.3'`
    await expect(checkRestart(command, quick)).rejects.toMatchObject({
      code: 'exited',
      message: expect.stringContaining('went into the background'),
    })
    await eventually('the daemon is gone', () => !commands().some((line) => line.includes(id)))
  })

  test('starts nothing where the port is taken', async () => {
    await using taken = await tcpServer(() => {})
    const url = `ws://127.0.0.1:${taken.port}/`
    await expect(checkRestart(node('none'), { ...quick, url })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`127.0.0.1:${taken.port} already`),
    })
  })

  test('ends all that it has started when it is stopped in the middle', async () => {
    const ending = new AbortController()
    const steps: string[] = []
    const running = checkRestart(`sh -c '${node('hang')}; true'`, {
      ...quick,
      grace: 60_000,
      signal: ending.signal,
      onStep: (words) => {
        steps.push(words)
        if (words.includes('SIGTERM to')) setTimeout(() => ending.abort(), 700)
      },
    })
    await expect(running).rejects.toMatchObject({ code: 'stopped' })
    expect(steps).toHaveLength(2)
  })
})
