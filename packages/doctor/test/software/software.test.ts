// Each server by itself, and with the lines that the doctor gives: real ones, from Debian.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eventually, tcpServer } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { check } from '../../src/check.ts'
import type { FindingCode } from '../../src/findings.ts'
import { ProcessTree } from '../../src/restart/process-tree.ts'
import { checkRestart } from '../../src/restart/restart.ts'
import { softwareOf } from '../../src/software/recognise.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const python = '/usr/bin/python3'
const has = (module: string) => existsSync(`/usr/lib/python3/dist-packages/${module}`)
const asgi = `PYTHONPATH=${folder} ${python} -m`

interface Scene {
  software: FindingCode
  /** What must be installed. */
  needs: string[]
  /** Without the lines, on a port. */
  plain?: (port: number) => string
  /** What clients then see. */
  finds?: FindingCode
  /** With them. */
  fixed?: (port: number) => string
}

const scenes: Scene[] = [
  {
    software: 'software-uvicorn',
    needs: ['uvicorn', 'websockets', 'wsproto'],
    plain: (port) => `${asgi} uvicorn --port ${port} --ws websockets asgi_app:app`,
    finds: 'restart-no-close',
    fixed: (port) => `${asgi} uvicorn --port ${port} --ws wsproto asgi_app:app`,
  },
  {
    software: 'software-hypercorn',
    needs: ['hypercorn'],
    plain: (port) => `${asgi} hypercorn --bind 127.0.0.1:${port} asgi_app:app`,
    finds: 'restart-done-code',
    fixed: (port) => `${python} ${folder}hypercorn_server.py ${port}`,
  },
  {
    software: 'software-daphne',
    needs: ['daphne'],
    plain: (port) => `${asgi} daphne -p ${port} asgi_app:app`,
    finds: 'restart-no-close',
  },
  {
    software: 'software-gunicorn',
    needs: ['gunicorn', 'uvicorn', 'wsproto'],
    plain: (port) => `${asgi} gunicorn -b 127.0.0.1:${port} -k uvicorn.workers.UvicornWorker asgi_app:app`,
    finds: 'restart-no-close',
    fixed: (port) => `${asgi} gunicorn -b 127.0.0.1:${port} -k gunicorn_worker.Worker asgi_app:app`,
  },
  {
    software: 'software-aiohttp',
    needs: ['aiohttp'],
    fixed: (port) => `${python} ${folder}aiohttp_server.py ${port}`,
  },
  {
    software: 'software-tornado',
    needs: ['tornado'],
    fixed: (port) => `${python} ${folder}tornado_server.py ${port}`,
  },
  {
    software: 'software-websockets',
    needs: ['websockets'],
    fixed: (port) => `${python} ${folder}websockets_server.py ${port}`,
  },
]

async function freePort(): Promise<number> {
  const held = await tcpServer(() => {})
  await held[Symbol.asyncDispose]()
  return held.port
}

async function restarted(command: (port: number) => string) {
  const port = await freePort()
  const url = `ws://127.0.0.1:${port}/`
  return checkRestart(command(port), { url, clients: 4, grace: 15_000 })
}

/** What clients see where all processes get the signal. */
const systemd = (result: Awaited<ReturnType<typeof restarted>>) =>
  result.outcomes
    .find(({ manager }) => manager === 'systemd')!
    .clients.filter(({ client }) => client !== 'silent')

describe.skipIf(process.platform !== 'linux')('the lines that make a server say 1012', () => {
  for (const { software, needs, plain, finds, fixed } of scenes) {
    const missing = !needs.every(has)
    if (plain && finds) {
      test.skipIf(missing)(
        `${software}: without them clients see ${finds}, and the server is known`,
        async () => {
          const codes = (await restarted(plain)).findings.map(({ code }) => code)
          expect(codes).toEqual(expect.arrayContaining([finds, software]))
        },
      )
    }
    if (fixed) {
      test.skipIf(missing)(`${software}: with them clients see 1012`, async () => {
        for (const { sees } of systemd(await restarted(fixed))) expect(sees).toMatchObject({ code: 1012 })
      })
    }
  }
})

describe('check', () => {
  test.skipIf(!has('uvicorn') || process.platform !== 'linux')(
    'names the server behind a URL, at the end',
    async () => {
      const port = await freePort()
      const tree = (await ProcessTree.start(`${asgi} uvicorn --port ${port} asgi_app:app`))!
      try {
        const url = `ws://127.0.0.1:${port}/`
        const result = await eventually('the server answers', async () => {
          const result = await check(url, { idle: 20 })
          return result.healthy && result
        })
        expect(result.layers.at(-1)).toMatchObject({
          layer: 'server',
          level: 'hint',
          findings: [{ code: 'software-uvicorn' }],
        })
      } finally {
        await tree.end()
      }
    },
  )
})

describe('softwareOf', () => {
  const seen: [string, [string, string][], string, FindingCode | undefined][] = [
    [
      'Fastify',
      [],
      '{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}',
      'software-fastify',
    ],
    [
      'NestJS',
      [['X-Powered-By', 'Express']],
      '{"message":"Cannot GET /x","error":"Not Found","statusCode":404}',
      'software-nest',
    ],
    ['Engine.IO', [], '{"code":0,"message":"Transport unknown"}', 'software-socketio'],
    ['Express', [['X-Powered-By', 'Express']], '', 'software-node'],
    ['ws by itself', [], 'Upgrade Required', 'software-node'],
    ['aiohttp', [['Server', 'Python/3.11 aiohttp/3.8.4']], '', 'software-aiohttp'],
    ['websockets', [['server', 'Python/3.11 websockets/10.4']], '', 'software-websockets'],
    ['Tornado', [['Server', 'TornadoServer/6.2']], '', 'software-tornado'],
    ['nobody', [['Server', 'nginx']], '<html>Not Found</html>', undefined],
    ['JSON of somebody else', [], '{"message":["x"],"code":1}', undefined],
  ]

  test.each(seen)('knows %s', (_, headers, body, software) => {
    expect(softwareOf({ headers, body })).toBe(software)
  })
})
