import { clientReceipts, proxies, serverStops } from '@holdfast/close-codes/measured'
import { expect, test } from 'vitest'
import { textWidth } from '../src/text-width.ts'
import { commandLine } from './command-line.ts'

test('servers lists every set-up once, with what a SIGTERM does where that was tried', async () => {
  const { status, stdout, stderr } = await commandLine('servers')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const lines = stdout.split('\n')
  expect(lines).toHaveLength(1 + serverStops.length + 3)
  expect(stdout).toMatch(/\nuvicorn-wsproto +SIGTERM +Close 1012 +0\.09 s +0\.6 s, 0\n/)
  expect(stdout).toMatch(/\nMeasured on 2026-11-28\.\n$/)
})

test('servers NAME gives every way of stopping it: by set-up, by package, or by a part of either', async () => {
  const { stdout } = await commandLine('servers tomcat10')
  expect(stdout).toMatch(/^tomcat10\n\n {2}tomcat10 10\.1\.60-1~deb12u1 \(Debian\)\n\nSIGTERM\n/)
  expect(stdout).toMatch(/Clients see +Close 1001 "The web application is stopping"\n/)
  expect(stdout).toMatch(/A client that never answers +cut after 0\.1 s, ends after 0\.5 s\n/)
  const names = async (name: string): Promise<string[]> =>
    JSON.parse((await commandLine(`servers ${name} --json`)).stdout).servers.map(
      ({ server }: { server: string }) => server,
    )
  expect(await names('Fastify')).toContain('fastify-websocket')
  expect(await names('ws')).toEqual(['ws'])
  expect(await names('gunicorn')).toContain('gunicorn-uvicorn')
})

test('proxies NAME and clients NAME give their rows, with what else was seen', async () => {
  const squid = await commandLine('proxies squid')
  expect(squid.stdout).toMatch(/The upstream resets +HTTP 500 inside the open WebSocket\n/)
  expect(squid.stdout).toMatch(/What else was seen\n/)
  const deno = await commandLine('clients deno')
  expect(deno.stdout).toMatch(/\n {2}1014 +0 with an error, answers 1002\n/)
  const ws = await commandLine('clients rxjs')
  expect(ws.stdout).toMatch(/\n {2}1012 +does not reconnect\n/)
})

test('without a name proxies and clients give all', async () => {
  const all = JSON.parse((await commandLine('proxies --json')).stdout)
  expect(all.proxies).toEqual(JSON.parse(JSON.stringify(proxies)))
  const clients = JSON.parse((await commandLine('clients --json')).stdout)
  expect(clients.reports).toEqual(JSON.parse(JSON.stringify(clientReceipts)))
  expect(clients.returns).toHaveLength(30)
})

test('a name that is in no row gets the nearest, and status 2', async () => {
  for (const [line, nearest] of [
    ['servers hypercron', 'hypercorn'],
    ['proxies ngnix', 'nginx'],
    ['clients partysockt', 'partysocket'],
  ] as const) {
    const [command, input] = line.split(' ')
    const { status, stdout, stderr } = await commandLine(line)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toBe(
      `holdfast: nothing measured is called '${input}'; did you mean '${nearest}'? \`holdfast ${command}\` lists all\n`,
    )
    const json = await commandLine(`${line} --json`)
    expect(json).toMatchObject({ status: 2, stderr: '' })
    expect(JSON.parse(json.stdout).error.code).toBe('unknown_name')
  }
})

test('the tables fit a terminal and speak the language asked for', async () => {
  for (const line of [
    'servers',
    'servers ws',
    'proxies',
    'clients',
    'servers --lang ja',
    'proxies nginx --lang fr',
  ]) {
    const { stdout } = await commandLine(line, { terminal: 80 })
    for (const one of stdout.replace(/\x1b\[\d+m/g, '').split('\n')) {
      expect(textWidth(one), one).toBeLessThanOrEqual(80)
    }
  }
  expect((await commandLine('servers ws --lang de')).stdout).toContain('Clients sehen')
})

test('explain says who really says a code, and that nobody says one', async () => {
  const restart = await commandLine('explain 1012')
  expect(restart.stdout).toMatch(
    /Who really says it\n {2}20 of 323 ways of stopping a server show clients 1012\./,
  )
  expect(restart.stdout).toMatch(/- uvicorn 0\.17\.6-1, python3-wsproto 1\.2\.0-1: SIGTERM\n/)
  expect((await commandLine('explain 1014')).stdout).toMatch(/None of 323 ways of stopping a server shows/)
  expect((await commandLine('explain 4001')).stdout).toContain('colyseus')
  expect((await commandLine('explain 4777')).stdout).not.toContain('Who really says it')
})
