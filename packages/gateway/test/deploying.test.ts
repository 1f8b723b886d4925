// Holds docs/deploying.md to the programs that its files are for, as far as they are here.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runHoldfast } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { optionsFor, shortest } from './config-text.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const guide = readFileSync(join(root, 'docs/deploying.md'), 'utf8')

interface Block {
  language: string
  name: string
  text: string
}

const blocks: Block[] = [...guide.matchAll(/^```(\w*) ?(.*)\n([\s\S]*?)^```/gm)].map(
  ([, language = '', name = '', text = '']) => ({ language, name, text }),
)

function named(name: string): string {
  const found = blocks.filter((block) => block.name === name)
  expect(found.length, name).toBe(1)
  return found[0]!.text
}

/** A folder with these files, gone on dispose. */
function folderWith(files: Record<string, string>): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-deploying-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

const systemd = 'systemd-analyze'
const noSystemd = spawnSync(systemd, ['--version']).status !== 0

// biome-ignore lint/suspicious/noExplicitAny: documents of other programs
type Any = any

const documents = (name: string): Any[] =>
  parseAllDocuments(named(name)).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS()
  })

/** Seconds of '40s'. */
const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)![1])

/** `drain.deadline` of the gateway, and the deadline of @holdfast/restart, unless something else is said. */
const usualDeadline = 30

test('every block of the guide is of a kind that is checked here', () => {
  const kinds = new Set(blocks.map(({ language }) => language))
  expect([...kinds].sort()).toEqual(['', 'dockerfile', 'ini', 'js', 'sh', 'yaml'])
  for (const { language, name } of blocks) expect(name === '').toBe(['', 'sh'].includes(language))
})

describe('the gateway configurations of the guide', () => {
  const texts = blocks.filter(({ name }) => name === 'holdfast.yaml').map(({ text }) => text)
  test.each(texts.map((text, i) => [i + 1, text]))(
    'number %i is accepted by holdfast validate',
    async (_, text) => {
      using folder = folderWith({ 'holdfast.yaml': text })
      const env = { HOLDFAST_ADMIN_TOKEN: 'secret' }
      const result = await runHoldfast(['validate', '-c', join(folder.path, 'holdfast.yaml')], { env })
      expect(result).toMatchObject({ code: 0, stderr: '' })
      expect(parse(text).routes.every(({ hold }: Any) => hold !== undefined)).toBe(true)
    },
  )
})

test.each([
  ['systemd/holdfast.service', 'holdfast.service'],
  ['systemd/chat@.service', 'chat@.service'],
  ['container/Dockerfile', 'Dockerfile'],
  ['compose/compose.yaml', 'compose.yaml'],
  ['systemd/holdfast.service.d/fleet.conf', 'fleet.conf'],
  ['kubernetes/backend/chat.yaml', 'chat.yaml'],
])('deploy/%s is what the guide shows', (path, name) => {
  expect(readFileSync(join(root, 'deploy', path), 'utf8')).toBe(named(name))
})

test('the configuration in deploy/container is that of the Compose file, whose build finds it', () => {
  const text = readFileSync(join(root, 'deploy/container/holdfast.yaml'), 'utf8')
  expect(blocks.filter((block) => block.name === 'holdfast.yaml').map((block) => block.text)).toContain(text)
  const { services } = parse(named('compose.yaml'), { merge: true })
  expect(services.gateway.build).toBe('../container')
})

describe('the systemd units of the guide', () => {
  const names = ['chat@.service', 'holdfast.service']

  test.skipIf(noSystemd)(`are accepted by systemd${noSystemd ? ` (skipped: no ${systemd})` : ''}`, () => {
    const programs = /\/usr\/bin\/(?:node|holdfast)/g
    using folder = folderWith(
      Object.fromEntries(names.map((name) => [name, named(name).replaceAll(programs, process.execPath)])),
    )
    const paths = ['chat@3001.service', 'holdfast.service'].map((name) => join(folder.path, name))
    const { status, stderr } = spawnSync(systemd, ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
    })
    // It also complains about units of the machine; what it says of these names their files.
    const own = stderr.split('\n').filter((line) => /chat@|holdfast/.test(line))
    expect({ status, own }).toEqual({ status: 0, own: [] })
  })

  test.skipIf(noSystemd)('of which the one of a node of a fleet takes what a drop-in adds', () => {
    const timeout = /^TimeoutStopSec=(\d+)$/m
    const [usual, fleet] = ['holdfast.service', 'fleet.conf'].map((name) =>
      Number(timeout.exec(named(name))![1]),
    )
    expect(fleet).toBeGreaterThan(usual! + 50)
    using folder = folderWith({
      'holdfast.service': named('holdfast.service').replaceAll('/usr/bin/holdfast', process.execPath),
    })
    mkdirSync(join(folder.path, 'holdfast.service.d'))
    writeFileSync(join(folder.path, 'holdfast.service.d/fleet.conf'), named('fleet.conf'))
    const { status, stderr } = spawnSync(
      systemd,
      ['verify', '--man=no', join(folder.path, 'holdfast.service')],
      {
        encoding: 'utf8',
      },
    )
    expect({ status, own: stderr.split('\n').filter((line) => /holdfast|fleet/.test(line)) }).toEqual({
      status: 0,
      own: [],
    })
  })

  test.each(names)(
    '%s gives the stop more time than the deadline, and signals the main process only',
    (name) => {
      const text = named(name)
      expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)![1])).toBeGreaterThan(usualDeadline)
      expect(text).toMatch(/^KillMode=mixed$/m)
      expect(text).toMatch(/^KillSignal=SIGTERM$/m)
    },
  )
})

test('the PM2 file of the guide loads, and gives each program more time to stop than its deadline', () => {
  const file = { exports: {} as Any }
  new Function('module', named('ecosystem.config.cjs'))(file)
  expect(file.exports.apps.map(({ name }: Any) => name)).toEqual(['chat', 'holdfast'])
  for (const { kill_timeout } of file.exports.apps) expect(kill_timeout).toBeGreaterThan(usualDeadline * 1000)
})

describe('the Compose file of the guide', () => {
  const { services } = parse(named('compose.yaml'), { merge: true })

  test('has a service for each upstream, and gives each more time to stop than its deadline', () => {
    const texts = blocks.filter(({ name }) => name === 'holdfast.yaml').map(({ text }) => parse(text))
    const hosts = texts.flatMap(({ routes }) => routes[0].upstreams).map((url) => new URL(url).hostname)
    for (const name of Object.keys(services).filter((name) => name !== 'gateway'))
      expect(hosts).toContain(name)
    for (const { stop_grace_period } of Object.values<Any>(services)) {
      expect(seconds(stop_grace_period)).toBeGreaterThan(usualDeadline)
    }
  })

  test('has a gateway that can write nothing but temporary files, and may do nothing but its work', () => {
    const { read_only, tmpfs, cap_drop, security_opt } = services.gateway
    expect({ read_only, tmpfs, cap_drop, security_opt }).toEqual({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
  })
})

describe('the Dockerfile of the guide', () => {
  const lines = named('Dockerfile').split('\n')
  const listOf = (word: string): string[] =>
    JSON.parse(lines.findLast((line) => line.startsWith(word))!.replace(/^.*? (?=\[)/, ''))

  test('starts the gateway in such a way that it gets the signal itself, and runs it as nobody', () => {
    expect(listOf('ENTRYPOINT')[0]).toBe('node')
    expect(listOf('CMD')[0]).toBe('serve')
    const run = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM')))
    expect(run).toContain('USER 10001:10001')
    expect(run.filter((line) => line.startsWith('RUN'))).toEqual([])
  })

  test('has a health check that fails while nothing answers', () => {
    const [command, ...args] = listOf('HEALTHCHECK')
    expect(command).toBe('node')
    const elsewhere = args.map((arg) => arg.replace(':10120', ':1'))
    expect(spawnSync(process.execPath, elsewhere).status).toBe(1)
  })
})

describe('the Kubernetes file of the guide', () => {
  const all = documents('chat.yaml')
  const [deployment] = all.filter(({ kind }) => kind === 'Deployment')
  const [service] = all.filter(({ kind }) => kind === 'Service')
  const pod = deployment.spec.template
  const [container] = pod.spec.containers

  test('has selectors that find its pods, and names of ports that are there', () => {
    expect(pod.metadata.labels).toEqual(deployment.spec.selector.matchLabels)
    expect(pod.metadata.labels).toEqual(service.spec.selector)
    const ports = container.ports.map((port: Any) => port.name)
    for (const { name } of service.spec.ports) expect(ports).toContain(name)
    expect(ports).toContain(container.readinessProbe.tcpSocket.port)
  })

  test('gives the stop enough time for preStop and the deadline, and keeps old pods until new ones are ready', () => {
    const [command, pause] = container.lifecycle.preStop.exec.command
    expect(command).toBe('sleep')
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(pause) + usualDeadline)
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 })
  })
})

describe('how long a stop may take', () => {
  const [section] = guide.slice(guide.indexOf('## How long a stop may take')).split('\n## ')
  const found = section!.matchAll(/^\| (\w[\w ]*) \|.*\| (\S+)(?: s)? \| (\d+)(?: s)? \|$/gm)
  const rows = Object.fromEntries(
    [...found].map(([, name, one, node]) => [name, [Number(one!.replace('–', '0')), Number(node)]] as const),
  )
  const number = (path: string, form: RegExp) =>
    Number(form.exec(readFileSync(join(root, 'deploy', path), 'utf8'))![1])

  test('is at least all that comes before the end, with the defaults', async () => {
    const { drain, fleet } = await optionsFor(
      `fleet: { name: a, store: redis://a, secret: $FLEET_SECRET }\n${shortest}`,
    )
    expect(rows.drain).toEqual([drain.deadline / 1000, drain.deadline / 1000])
    expect(rows.turn).toEqual([0, fleet!.drainWait / 1000])
    for (const i of [0, 1]) {
      const without = rows.turn![i]! + rows.drain![i]!
      expect(rows['in all']![i]).toBe(rows.pause![i]! + without)
      expect(rows.systemd![i]).toBeGreaterThan(without + 5)
      expect(rows.Docker![i]).toBeGreaterThan(without + 5)
      expect(rows.Kubernetes![i]).toBeGreaterThan(rows['in all']![i]! + 5)
    }
  })

  test('is what the files of deploy/ say', () => {
    const timeout = /^TimeoutStopSec=(\d+)$/m
    expect(rows.systemd).toEqual([
      number('systemd/holdfast.service', timeout),
      number('systemd/holdfast.service.d/fleet.conf', timeout),
    ])
    const { services } = parse(named('compose.yaml'), { merge: true })
    expect(rows.Docker![0]).toBe(seconds(services.gateway.stop_grace_period))
    const grace = /terminationGracePeriodSeconds: (\d+)/
    expect(rows.Kubernetes).toEqual([
      number('kubernetes/base/deployment.yaml', grace),
      number('kubernetes/overlays/fleet/deployment.yaml', grace),
    ])
    expect(rows.pause![0]).toBe(number('kubernetes/base/deployment.yaml', /sleep: \{ seconds: (\d+)/))
  })
})

test.each(blocks.filter(({ language }) => language === 'sh').map(({ text }) => [text.split('\n')[0], text]))(
  'the shell can read: %s',
  (_, text) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const used = [...text.matchAll(/(?:^|\s)holdfast(?:\.js)? ([a-z]+)/gm)].map(([, name]) => name!)
    expect(['status', 'upgrade', 'reload', 'serve', 'drain']).toEqual(expect.arrayContaining(used))
  },
)
