import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificate } from '@holdfast/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatProblem } from '../src/config/errors.ts'
import { type ConfigResult, loadConfigFile, parseConfig } from '../src/config/file.ts'
import { anyText, full, linesFor, optionsFor, shortest } from './config-text.ts'

const pem = certificate()
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

const written = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const lines = (result: ConfigResult) =>
  (result.ok ? result.warnings : result.problems).map((one) =>
    formatProblem(one).replaceAll(`${folder}/`, ''),
  )

const notRegular = 'the file is not a regular file; name a file, not a pipe or a device'

describe('loadConfigFile', () => {
  test('reads TLS files beside the configuration file', async () => {
    await written('cert.pem', pem.cert)
    await written('key.pem', pem.key)
    const path = await written(
      'tls.yaml',
      `listen: [{ address: 127.0.0.1:0, tls: { cert: cert.pem, key: ${join(folder, 'key.pem')} } }]\n${shortest}`,
    )
    const result = await loadConfigFile(path)
    expect(lines(result)).toEqual([])
    expect(result.ok && result.options.listen).toEqual([
      { host: '127.0.0.1', port: 0, proxyProtocol: false, tls: { cert: pem.cert, key: pem.key } },
    ])
  })

  test('takes a byte order mark and CRLF', async () => {
    const path = await written('windows.yaml', `\ufeff${shortest.replaceAll('\n', '\r\n')}zebra: 1\r\n`)
    expect(lines(await loadConfigFile(path))).toEqual([
      expect.stringMatching(/^windows\.yaml:2:1: unknown key 'zebra'; /),
    ])
  })

  test.each([
    ['missing.yaml', undefined, 'missing.yaml: the file does not exist; check the path'],
    [
      'utf16.yaml',
      Buffer.from(shortest, 'utf16le').fill(0xff, 0, 1),
      'utf16.yaml:1:1: the file is not valid UTF-8; save it as UTF-8',
    ],
    [
      'latin1.yaml',
      Buffer.from('# fine\n# sch\u00f6n\n', 'latin1'),
      'latin1.yaml:2:1: the file is not valid UTF-8; save it as UTF-8',
    ],
    ['huge.yaml', Buffer.alloc(1024 * 1024 + 1, '#'), 'huge.yaml: the file is larger than 1 MiB'],
    ['empty.yaml', '', 'empty.yaml:1:1: the file is empty; name at least one route'],
    ['nul.yaml', Buffer.alloc(1000), expect.stringMatching(/^nul\.yaml:1:1: /)],
  ])('says in one line what is wrong with %s', async (name, content, line) => {
    if (content !== undefined) await written(name, content)
    expect(lines(await loadConfigFile(join(folder, name)))).toEqual([line])
  })

  test('refuses a directory, a path through a file, and a device without end', async () => {
    expect(lines(await loadConfigFile(folder))).toEqual([
      `${folder}: the file is a directory; name a file in it`,
    ])
    const file = await written('file', '')
    expect(lines(await loadConfigFile(`${file}/x`))).toEqual([
      'file/x: the file does not exist; check the path',
    ])
    expect(lines(await loadConfigFile('/dev/zero'))).toEqual([`/dev/zero: ${notRegular}`])
    expect(lines(await loadConfigFile('a\0b'))).toHaveLength(1)
  })

  test('refuses a named pipe at once, as the configuration and as any file that it names', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', pipe])
    expect(lines(await loadConfigFile(pipe))).toEqual([`pipe: ${notRegular}`])
    const path = await written(
      'pipes.yaml',
      `listen: [{ address: 127.0.0.1:0, tls: { cert: pipe, key: pipe } }]\n${shortest.replace('}', ', hold: { replay: { file: ./pipe } } }')}`,
    )
    const named = 'names a file that is not a regular file; name a file, not a pipe or a device'
    expect(lines(await loadConfigFile(path))).toEqual([
      expect.stringContaining(`listen[0].tls.cert ${named}`),
      expect.stringContaining(`listen[0].tls.key ${named}`),
      expect.stringContaining(`routes[0].hold.replay.file ${named}`),
    ])
  })
})

describe('parseConfig', () => {
  const tls = (cert: string, key: string) =>
    `listen:\n  - address: 127.0.0.1:0\n    tls:\n      cert: ${cert}\n      key: ${key}\n${shortest}`

  test('names the line of a TLS file that cannot be used', async () => {
    const readFile = async (path: string) => {
      if (path.endsWith('cert.pem')) return pem.cert
      throw Object.assign(new Error(), { code: path.endsWith('secret.pem') ? 'EACCES' : 'ENOENT' })
    }
    expect(await linesFor(tls('cert.pem', 'key.pem'), { readFile })).toEqual([
      'holdfast.yaml:5:12: listen[0].tls.key names a file that does not exist; check the path',
    ])
    expect(await linesFor(tls('none.pem', 'secret.pem'), { readFile })).toEqual([
      'holdfast.yaml:4:13: listen[0].tls.cert names a file that does not exist; check the path',
      'holdfast.yaml:5:12: listen[0].tls.key names a file that may not be read; give the user that runs holdfast permission to read it',
    ])
    expect(await linesFor(tls('cert.pem', 'cert.pem'), { readFile })).toEqual([
      'holdfast.yaml:5:12: listen[0].tls.key holds no PEM private key; cert and key are swapped',
    ])
  })

  test('warns of a certificate that has expired, by the clock it is given', async () => {
    const readFile = async (path: string) => (path.endsWith('cert.pem') ? pem.cert : pem.key)
    const [line, ...others] = await linesFor(tls('cert.pem', 'key.pem'), {
      readFile,
      now: () => Date.UTC(2999, 0),
    })
    expect(line).toMatch(/^holdfast\.yaml:4:13: warning: listen\[0\]\.tls\.cert expired on /)
    expect(others).toEqual([])
  })

  test('takes the token from the variable, and refuses one that no header can carry without showing it', async () => {
    const text = `admin: { address: 0.0.0.0:1, token: $HF }\n${shortest}`
    expect((await optionsFor(text, { env: { HF: 'abc' } })).admin).toEqual({
      host: '0.0.0.0',
      port: 1,
      token: 'abc',
    })
    expect(await linesFor(text, { env: { HF: '' } })).toEqual([
      'holdfast.yaml:1:37: admin.token names the variable HF, which is not set; set it where holdfast is started',
    ])
    expect(await linesFor(text, { env: { HF: 'hunter2\n' } })).toEqual([
      'holdfast.yaml:1:37: admin.token names HF, which an Authorization header cannot carry; use letters, digits and - . _ ~ + / only',
    ])
  })

  test('reports all problems at once, in the order of the file', async () => {
    const text = [
      'listen:',
      '  - 8080',
      '  - { address: 127.0.0.1:0, tls: { cert: none.pem, key: none.pem } }',
      'admin: { address: 0.0.0.0:1, token: $NONE }',
      'workers: many',
      'workers: 0',
      'drain: { spread: 5m }',
      'routes:',
      '  - name: a',
      '    upstream: [ws://b]',
    ].join('\n')
    expect(await linesFor(text)).toEqual([
      'holdfast.yaml:2:5: listen[0] must be HOST:PORT such as 127.0.0.1:8080, or a list of such, not 8080; write 127.0.0.1:8080',
      'holdfast.yaml:3:42: listen[1].tls.cert names a file that does not exist; check the path',
      'holdfast.yaml:3:57: listen[1].tls.key names a file that does not exist; check the path',
      'holdfast.yaml:4:37: admin.token names the variable NONE, which is not set; set it where holdfast is started',
      "holdfast.yaml:6:1: duplicate key 'workers'; first on line 5",
      'holdfast.yaml:6:10: workers must be a whole number from 1 to 256, not 0',
      'holdfast.yaml:7:18: drain.spread must be shorter than drain.deadline (30s), not 5m',
      "holdfast.yaml:9:5: missing key 'upstreams' in routes[0]; give a list of at least one upstream such as ws://localhost:3000",
      "holdfast.yaml:10:5: unknown key 'upstream' in routes[0]; did you mean 'upstreams'?",
    ])
  })
})

describe('any text at all', () => {
  const check = async (text: string): Promise<void> => {
    const readFile = () => Promise.reject(new Error('no'))
    const result = await parseConfig(text, { file: 'f', env: { TOKEN: 'x' }, readFile })
    const last = text.split(/\r\n|\r|\n/).length
    const found = result.ok ? result.warnings : result.problems
    if (!result.ok) expect(found.some(({ level }) => level === 'error')).toBe(true)
    for (const [index, problem] of found.entries()) {
      expect(problem.line).toBeGreaterThanOrEqual(found[index - 1]?.line ?? 1)
      expect(problem.line).toBeLessThanOrEqual(last)
      expect(problem.column).toBeGreaterThanOrEqual(1)
      expect(formatProblem(problem)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|undefined|NaN|\[object/u)
    }
  }

  test('is not shown as it is where it would break the line, in a fix and in the name of a file either', async () => {
    await check('listen:\n  - { address: 0.0.0.0:443, tls: "\\u001b[2Jpair\\u2028.p12" }\n')
    expect(formatProblem({ level: 'error', file: 'a\nb\u001b[2J', path: '', message: 'no' })).toBe(
      'a\\u{a}b\\u{1b}[2J: no',
    )
  })

  test('is read without a crash', async () => {
    await fc.assert(fc.asyncProperty(anyText(300), check), { numRuns: 500 })
  })

  test('is read without a crash when it was valid once', async () => {
    const odd = fc.constantFrom(
      '',
      '\n',
      '\t',
      ' ',
      '  ',
      ':',
      ': ',
      '- ',
      '&a ',
      '*a',
      '{',
      ']',
      '"',
      '#',
      '!',
      '\u0000',
      '\ud800',
      '999',
      '[]',
      'null',
      '<<: ',
    )
    const edit = fc.tuple(fc.nat(full.length), fc.nat(30), odd)
    const edited = fc
      .array(edit, { minLength: 1, maxLength: 4 })
      .map((edits) =>
        edits.reduce((text, [at, length, put]) => text.slice(0, at) + put + text.slice(at + length), full),
      )
    await fc.assert(fc.asyncProperty(edited, check), { numRuns: 300 })
  })

  test('is read without a crash when any value is replaced by any other', async () => {
    const whole: unknown = JSON.parse(
      JSON.stringify({
        listen: [{ address: '127.0.0.1:1', tls: { cert: 'a', key: 'b' } }],
        admin: { address: '127.0.0.1:2', token: '$TOKEN' },
        trustedProxies: ['10.0.0.0/8'],
        pending: { connections: 1, timeout: '5s' },
        drain: { spread: '5s', deadline: '30s', retry: ['1s', '5s'] },
        routes: [
          {
            name: 'a',
            match: { path: '/x' },
            upstreams: ['ws://b', { dns: 'ws://c', every: '5s' }],
            health: {},
            limits: {},
          },
          {
            name: 'b',
            upstreams: [{ url: 'ws://b' }],
            closeCodes: { restart: 1012 },
            origins: ['https://a'],
          },
        ],
      }),
    )
    const key = fc.nat()
    const replaced = fc.tuple(fc.array(key, { minLength: 1, maxLength: 5 }), fc.jsonValue({ maxDepth: 3 }))
    await fc.assert(
      fc.asyncProperty(replaced, ([way, value]) => check(JSON.stringify(replaceAt(whole, way, value)))),
      { numRuns: 300 },
    )
  })
})

/** A copy of `tree` with one part, found by taking at each level the key that a number picks, replaced. */
function replaceAt(tree: unknown, [pick, ...way]: number[], value: unknown): unknown {
  if (pick === undefined || typeof tree !== 'object' || tree === null) return value
  const keys = Object.keys(tree)
  const key = keys[pick % Math.max(1, keys.length)]
  if (key === undefined) return value
  const copy = structuredClone(tree) as Record<string, unknown>
  copy[key] = replaceAt(copy[key], way, value)
  return copy
}

test('a file is read for several who ask at the same time', async () => {
  const path = await written('twice.yaml', shortest)
  const results = await Promise.all([loadConfigFile(path), loadConfigFile(path), loadConfigFile(path)])
  expect(results.map(({ ok }) => ok)).toEqual([true, true, true])
})
