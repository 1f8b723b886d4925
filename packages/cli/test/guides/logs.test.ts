// Holds the commands of docs/logs.md to the log of a real gateway. Its lines are held to the source by tools/check-docs.mjs.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { closedPort, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { blocksOf, folderWith } from './guide.ts'

describe.skipIf(spawnSync('jq', ['--version']).error)(
  'the commands of docs/logs.md (skipped without jq)',
  () => {
    test('say what they promise of the log of a real gateway', async () => {
      const upstream = await startUpstream()
      const route = { name: 'chat', upstreams: [upstream.url], hold: { for: '60s', replay: { first: 1 } } }
      const dead = {
        name: 'dead',
        match: { path: '/dead' },
        upstreams: [`ws://127.0.0.1:${await closedPort()}`],
        wait: 'off',
      }
      await using holdfast = await startHoldfast({
        config: { routes: [dead, route] },
        args: ['--log-level', 'debug'],
      })
      await using client = wsClient(holdfast.url)
      await client.opened
      client.send('login')
      await client.message()
      await using refused = wsClient(`${holdfast.url}/dead`)
      await refused.refused
      await upstream[Symbol.asyncDispose]()
      await holdfast.waitForLog('the hold', ({ msg }) => msg === 'upstream gone, clients are held')
      await using _again = await startUpstream({ port: upstream.port })
      await holdfast.waitForLog('the next one', ({ msg }) => msg.startsWith('held clients re-attached'))
      await holdfast.waitForLog('the dead one', ({ msg }) => msg === 'no upstream for clients')
      client.socket.close(4000)
      await holdfast.waitForLog('the end', ({ msg }) => msg === 'connection closed')

      using folder = folderWith({})
      writeFileSync(
        join(folder.path, 'holdfast.log'),
        holdfast.log.map((line) => JSON.stringify(line)).join('\n'),
      )
      const said = blocksOf('logs')
        .filter(({ language }) => language === 'sh')
        .map(({ text }) => spawnSync('bash', ['-e', '-c', text], { cwd: folder.path, encoding: 'utf8' }))
      expect(said.map(({ stderr }) => stderr)).toEqual(said.map(() => ''))
      const [worse, often, held, closes] = said.map(({ stdout }) => stdout)
      expect(worse).toMatch(/\tdead\tupstream is failing \(not probed\)\tconnection refused/)
      expect(often).toMatch(/^ +1 upstream gone, clients are held$/m)
      expect(held).toMatch(/"route":"chat","connections":1,"longest":\d+/)
      expect(closes).toMatch(/^ +1 4000 client$/m)
    })
  },
)
