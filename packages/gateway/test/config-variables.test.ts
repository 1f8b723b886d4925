// Variables of the environment in any text of a configuration.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Wrong } from '../src/config/errors.ts'
import { fillIn } from '../src/config/variables.ts'
import { anyText, linesFor, optionsFor, shortest } from './config-text.ts'

const braced = (name: string) => `$\{${name}}`
const env = {
  HOST: '10.0.0.5',
  PORT: '3000',
  WAIT: '7s',
  COUNT: '4',
  ON: 'true',
  EMPTY: '',
  SECRET: 'hunter2hunter2',
}

describe('a text', () => {
  test.each([
    ['$HOST:$PORT', '10.0.0.5:3000'],
    [`${braced('HOST')}0`, '10.0.0.50'],
    ['$$HOST', '$HOST'],
    ['$$$HOST', '$10.0.0.5'],
    ['$EMPTY', ''],
    ['a$', 'a$'],
    ['$1 $-', '$1 $-'],
  ])('%s is %s', (text, filled) => {
    expect(fillIn(text, env)).toMatchObject({ text: filled, missing: [] })
  })

  test.each([`$\{HOST:-x}`, '${', `$\{HOST`, `$\{}`, `$\{1}`])('%s is refused', (text) => {
    expect(fillIn(text, env)).toBeInstanceOf(Wrong)
  })

  test('without a dollar is itself, and what a variable holds is not looked at again', () => {
    fc.assert(
      fc.property(anyText(60), (value) => {
        expect(fillIn(value.replaceAll('$', ''), {})).toMatchObject({ text: value.replaceAll('$', '') })
        expect(fillIn('<$X>', { X: value })).toMatchObject({ text: `<${value}>` })
        expect(fillIn(value.replaceAll('$', '$$$$'), {})).toMatchObject({ text: value })
      }),
    )
  })
})

test('a variable may stand in any value, also for a number and for true', async () => {
  const options = await optionsFor(
    `listen: 0.0.0.0:$PORT
workers: $COUNT
trustedProxies: [$HOST/32]
drain: { spread: $WAIT }
pending: { connections: '${braced('PORT')}' }
routes:
  - name: chat-$COUNT
    match: { path: /v$COUNT/* }
    upstreams: [{ url: 'ws://${braced('HOST')}:$PORT/$$x', weight: $COUNT }]
    health: { ping: $ON }
    limits: { messageBytes: $PORT }
`,
    { env },
  )
  expect(options).toMatchObject({
    listen: [{ host: '0.0.0.0', port: 3000 }],
    workers: 4,
    trustedProxies: ['10.0.0.5/32'],
    drain: { spread: 7000 },
    pending: { connections: 3000 },
    routes: [
      {
        name: 'chat-4',
        match: { path: '/v4/*' },
        upstreams: [{ name: 'ws://10.0.0.5:3000/$x', weight: 4 }],
        health: { ping: true },
        limits: { messageBytes: 3000 },
      },
    ],
  })
})

test('secrets stay where they are: a token and the fields of a route take both forms, too', async () => {
  const { admin, routes } = await optionsFor(
    `admin: { address: 127.0.0.1:1, token: '${braced('SECRET')}' }
routes: [{ name: a, upstreams: [ws://b], headers: { set: { X-Key: 'k ${braced('SECRET')}' } } }]`,
    { env },
  )
  expect(admin).toMatchObject({ token: env.SECRET })
  expect(routes[0]!.headers?.set).toEqual([['X-Key', `k ${env.SECRET}`]])
})

describe('what is wrong', () => {
  test('with a variable is said once, and nothing that follows from it', async () => {
    expect(await linesFor(`listen: $NONE\nworkers: $A$B\n${shortest}`)).toEqual([
      'holdfast.yaml:1:9: listen names NONE, which is not set; set it where holdfast is started; $$ is a dollar',
      'holdfast.yaml:2:10: workers names A and B, which is not set; set it where holdfast is started; $$ is a dollar',
    ])
    expect(await linesFor(`listen: '${`$\{A:-0}`}'\n${shortest}`)).toEqual([
      `holdfast.yaml:1:9: listen holds '${`$\{A:-0}`}', which is no variable; write $NAME or ${braced('NAME')}, without a default; $$ is a dollar`,
    ])
  })

  test('with what a variable holds is said without showing it', async () => {
    const text = [
      'listen: $SECRET',
      'workers: $SECRET',
      'trustedProxies: [x$SECRET]',
      'drain: { spread: $SECRET }',
      "routes: [{ name: '$SECRET x', match: { host: '$SECRET/', path: $SECRET }, upstreams: [$SECRET, 'ws://$SECRET/?'],",
      '  balance: $SECRET, badGateway: $SECRET, origins: [$SECRET], admit: $SECRET, host: http://$SECRET, strip: $SECRET }]',
    ].join('\n')
    for (const SECRET of ['hunter2hunter2', 'Hunter Two', 'x'.repeat(200), '^/ws/(.*)$', 'tcp://hunter2']) {
      const lines = await linesFor(text, { env: { SECRET } })
      expect(lines.length).toBeGreaterThan(8)
      for (const line of lines) expect(line.toLowerCase()).not.toContain(SECRET.toLowerCase().slice(0, 12))
      for (const line of lines)
        expect(line).toMatch(/\$SECRET.*; look at what SECRET holds$|; look at what SECRET holds$/)
    }
  })

  test('with braces where YAML takes them for a mapping is said with what to write', async () => {
    expect(await linesFor(`drain: { spread: ${braced('WAIT')} }\n${shortest}`, { env })).toEqual([
      'holdfast.yaml:1:18: a variable in braces needs quotes here; put the whole value into quotes, or write $WAIT',
    ])
    expect(await linesFor(`drain:\n  spread: ${braced('WAIT')}\n${shortest}`, { env })).toEqual([])
  })

  test('with too much of it is found before there is no memory left', async () => {
    const lines = await linesFor(`listen: '${'$BIG'.repeat(100_000)}'\n${shortest}`, {
      env: { BIG: 'x'.repeat(100_000) },
    })
    expect(lines).toEqual([expect.stringContaining('is larger than 1 MiB with its variables')])
  })
})
