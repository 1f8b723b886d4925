import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { logOptionsFor } from '../src/core/log.ts'

test.each([
  [true, {}, { level: 'info', pretty: true, colour: true }],
  [true, { NO_COLOR: '1' }, { level: 'info', pretty: true, colour: false }],
  [true, { NO_COLOR: '' }, { level: 'info', pretty: true, colour: true }],
  [false, {}, { level: 'info', pretty: false, colour: false }],
])('on a terminal (%s) with %j the log is %j', (isTTY, env, options) => {
  expect(logOptionsFor({ isTTY }, env)).toEqual(options)
})

const log = fileURLToPath(new URL('../dist/core/log.js', import.meta.url))

/** What a process that logs one line and exits at once leaves on standard error. */
function lineOf(options: object, before = ''): string {
  const program = `${before}
    const { createLogger } = await import(${JSON.stringify(log)})
    createLogger(${JSON.stringify(options)}).warn({ worker: 1 }, 'hello')
    process.exit()`
  return execFileSync(
    '/bin/sh',
    ['-c', '"$0" --input-type=module -e "$1" 2>&1 >/dev/null', process.execPath, program],
    {
      encoding: 'utf8',
    },
  )
}

test('a line is written before the process ends, as JSON', () => {
  expect(JSON.parse(lineOf({ level: 'info', pretty: false, colour: false }))).toMatchObject({
    level: 40,
    worker: 1,
    msg: 'hello',
  })
})

test('a pretty line is one line for people', () => {
  const plain = lineOf({ level: 'info', pretty: true, colour: false })
  expect(plain).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: hello \{"worker":1\}\n$/)
  expect(lineOf({ level: 'info', pretty: true, colour: true })).toContain('\x1b[')
  expect(lineOf({ level: 'error', pretty: true, colour: false })).toBe('')
})

test('where pino-pretty is not installed a line is JSON, whatever was asked for', () => {
  const notInstalled = `
    import Module from 'node:module'
    const resolve = Module._resolveFilename
    Module._resolveFilename = (request, ...rest) => {
      if (request !== 'pino-pretty') return resolve(request, ...rest)
      throw Object.assign(new Error('not installed'), { code: 'MODULE_NOT_FOUND' })
    }`
  const line = lineOf({ level: 'info', pretty: true, colour: false }, notInstalled)
  expect(JSON.parse(line)).toMatchObject({ level: 40, msg: 'hello' })
})
