// The servers of stopping-servers.ts: how each is started and restarted, what its clients say, and what they see.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { frameworksFolder, installFrameworks } from './frameworks.ts'

/** The programs in Python, and others that import nothing from npm. */
export const fixtures = fileURLToPath(new URL('../fixtures/stops/', import.meta.url))
const runtimes = fileURLToPath(new URL('../../node_modules/.cache/runtimes/node_modules/', import.meta.url))
const debian = '/usr/lib/python3/dist-packages'

/** A message, and what the answer to it contains. */
export interface Exchange {
  readonly message: string
  readonly answer: string
}

interface Program {
  command: string
  args: readonly string[]
}

/** One of the servers. What is left out is as of a server that echoes at `/`, and kicks on `kick 4001`. */
export interface Subject {
  restartCode: number
  /** The signal that restarts it in place. Default: it is ended by SIGTERM, and started again. */
  inPlace?: NodeJS.Signals
  path?: string
  protocols?: string[]
  opening?: Exchange[]
  kicks?: number[]
  kick?(code: number): string
  echo?(text: string): Exchange
  missing(): string | undefined | Promise<string | undefined>
  program(port: number): Program
}

const needs = (file: string, name: string) => () =>
  existsSync(file) ? undefined : `${name} is not installed`
const python = (module: string) => needs(join(debian, module), `python3-${module}`)

/** A script of Node, next to the frameworks that it imports. */
function nodeScript(name: string): (port: number) => Program {
  return (port) => {
    const folder = join(frameworksFolder, 'stops')
    mkdirSync(folder, { recursive: true })
    for (const file of [name, 'echo-or-kick.mjs']) copyFileSync(join(fixtures, file), join(folder, file))
    return { command: process.execPath, args: [join(folder, name), String(port)] }
  }
}

function uvicorn(ws: string) {
  const args = ['-m', 'uvicorn', 'asgi:app', '--app-dir', fixtures, '--ws', ws, '--log-level', 'error']
  return (port: number) => ({ command: '/usr/bin/python3', args: [...args, '--port', String(port)] })
}

const { platform, arch } = process
const bun = join(runtimes, `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}/bin/bun`)
const deno = join(runtimes, `@deno/${platform}-${arch}-glibc/deno`)
const brought = (file: string, name: string) => needs(file, `${name} (node tools/other-runtimes.mjs ${name})`)

const channel = '{"channel":"EchoChannel"}'

export const subjects: Record<string, Subject> = {
  Hypercorn: {
    restartCode: 1000,
    missing: python('hypercorn'),
    program: (port) => ({
      command: '/usr/bin/python3',
      args: ['-m', 'hypercorn', 'asgi:app', '--bind', `127.0.0.1:${port}`, '--error-logfile', '/dev/null'],
    }),
  },
  'Uvicorn with websockets': {
    restartCode: 1006,
    missing: python('uvicorn'),
    program: uvicorn('websockets'),
  },
  'Uvicorn with wsproto': { restartCode: 1012, missing: python('wsproto'), program: uvicorn('wsproto') },
  'aiohttp with its hook': {
    restartCode: 1000,
    missing: python('aiohttp'),
    program: (port) => ({
      command: '/usr/bin/python3',
      args: [join(fixtures, 'aiohttp_server.py'), String(port)],
    }),
  },
  'gunicorn with gevent': {
    restartCode: 1005,
    inPlace: 'SIGHUP',
    missing: python('geventwebsocket'),
    program: (port) => {
      const worker = [
        '-k',
        'geventwebsocket.gunicorn.workers.GeventWebSocketWorker',
        '--graceful-timeout',
        '3',
      ]
      const args = [...worker, '--chdir', fixtures, '--bind', `127.0.0.1:${port}`, 'gevent_app:app']
      return { command: '/usr/bin/gunicorn', args: [...args, '--log-level', 'error'] }
    },
  },
  'Puma with Action Cable': {
    restartCode: 1006,
    inPlace: 'SIGUSR1',
    protocols: ['actioncable-v1-json'],
    opening: [
      {
        message: JSON.stringify({ command: 'subscribe', identifier: channel }),
        answer: 'confirm_subscription',
      },
    ],
    kicks: [1000],
    kick: () => perform({ action: 'kick' }),
    echo: (text) => ({ message: perform({ action: 'echo', text }), answer: JSON.stringify(text) }),
    missing: needs('/var/lib/dpkg/info/ruby-actioncable.list', 'ruby-actioncable'),
    program: (port) => {
      const cluster = ['-w', '2', '-t', '2:4', '--quiet', '-C', '-']
      return {
        command: '/usr/bin/puma',
        args: [...cluster, '-b', `tcp://127.0.0.1:${port}`, join(fixtures, 'cable.ru')],
      }
    },
  },
  Fastify: { restartCode: 1005, missing: installFrameworks, program: nodeScript('fastify.mjs') },
  'Socket.IO': {
    restartCode: 1005,
    path: '/socket.io/?EIO=4&transport=websocket',
    opening: [{ message: '40', answer: '40{' }],
    kicks: [1005],
    kick: () => '42["kick"]',
    echo: (text) => ({ message: `42${JSON.stringify(['echo', text])}`, answer: text }),
    missing: installFrameworks,
    program: nodeScript('socket-io.mjs'),
  },
  NestJS: {
    restartCode: 1006,
    kick: (code) => say(`kick ${code}`),
    echo: (text) => ({ message: say(text), answer: text }),
    missing: installFrameworks,
    program: nodeScript('nest.mjs'),
  },
  Tomcat: {
    restartCode: 1001,
    missing: () =>
      needs('/usr/share/tomcat10/lib/catalina.jar', 'tomcat10-common')() ??
      needs('/usr/bin/javac', 'default-jdk-headless')(),
    program: (port) => ({
      command: '/usr/bin/java',
      args: [
        '-XX:TieredStopAtLevel=1',
        '-cp',
        '/usr/share/tomcat10/lib/*:/usr/share/tomcat10/bin/*',
        join(fixtures, 'TomcatServer.java'),
        String(port),
      ],
    }),
  },
  'Bun.serve': {
    restartCode: 1001,
    missing: brought(bun, 'bun'),
    program: (port) => ({ command: bun, args: [join(fixtures, 'bun.mjs'), String(port)] }),
  },
  'Deno.serve': {
    restartCode: 1001,
    missing: brought(deno, 'deno'),
    program: (port) => ({
      command: deno,
      args: ['run', '--allow-net', '--no-lock', join(fixtures, 'deno.mjs'), String(port)],
    }),
  },
}

function say(text: string): string {
  return JSON.stringify({ event: 'say', data: text })
}

/** A message of Action Cable to the channel that `opening` subscribes to. */
function perform(data: object): string {
  return JSON.stringify({
    command: 'message',
    identifier: channel,
    data: JSON.stringify(data),
  })
}
