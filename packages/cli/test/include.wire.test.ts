// A gateway whose configuration is in several files, with variables in it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runHoldfast, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

test('a reload reads every file again: what is changed, new, gone, or wrong in one of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-include-'))
  try {
    await using upstream = await startUpstream()
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    const route = (name: string, keys = '') =>
      write(
        `routes/${name}.yaml`,
        `routes: [{ name: ${name}, match: { path: /${name} }, upstreams: [$CHAT_URL]${keys} }]\n`,
      )
    mkdirSync(join(folder, 'routes'))
    write('holdfast.yaml', 'include: [routes/*.yaml]\nworkers: $WORKERS\n')
    for (const name of ['a', 'b']) route(name)
    const env = { CHAT_URL: upstream.url, WORKERS: '2' }
    await using holdfast = await startHoldfast({ args: ['-c', join(folder, 'holdfast.yaml')], env })
    expect(holdfast.workers().length).toBeLessThanOrEqual(2)
    await using a = wsClient(`${holdfast.url}/a`)
    await using b = wsClient(`${holdfast.url}/b`)
    await Promise.all([a.opened, b.opened])
    const reload = () => runHoldfast(['reload', '--admin', holdfast.admin!])

    route('c')
    route('a', ', limits: { connections: 5 }')
    rmSync(join(folder, 'routes/b.yaml'))
    const { code, stdout } = await reload()
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/route a changed.*route c added.*route b removed/s),
    ])
    expect(await b.closed).toMatchObject({ code: 1012 })
    await using c = wsClient(`${holdfast.url}/c`)
    await c.opened

    route('c', ', wiat: 5s')
    const refused = await reload()
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/routes\/c\.yaml:1:\d+: unknown key 'wiat' in routes\[0\];/),
    ])
    for (const client of [a, c]) {
      client.send('hello')
      expect(await client.message()).toBe('hello')
    }
    const checked = await runHoldfast(['validate', join(folder, 'holdfast.yaml')], { env })
    expect([checked.code, checked.stderr]).toEqual([1, expect.stringContaining("unknown key 'wiat'")])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
