// The operator's page in a real Chromium, on a gateway that is only numbers: what real traffic cannot show in a test.
import { fileURLToPath } from 'node:url'
import { browser, browserMissing, type TestBrowser } from '@holdfast/testing'
import axe from 'axe-core'
import { pino } from 'pino'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { AdminServer } from '../src/operate/admin.ts'
import { openPage, row } from './dashboard-page.ts'
import { SyntheticOperations, type SyntheticRoute, syntheticWorker } from './synthetic-operations.ts'

const page = fileURLToPath(new URL('../dist/page', import.meta.url))

const chat: SyntheticRoute = {
  name: 'chat',
  open: 40,
  upstreams: [{ name: 'ws://10.0.0.1:3000' }, { name: 'ws://10.0.0.2:3000' }],
}

async function startAdmin(routes: SyntheticRoute[]) {
  const operations = new SyntheticOperations(routes)
  const log = pino({ level: 'silent' })
  const server = new AdminServer(
    { host: '127.0.0.1', port: 0 },
    { operations, log, clock: systemClock, page },
  )
  await server.listen()
  return { operations, server, url: server.url, [Symbol.asyncDispose]: () => server.close() }
}

describe.skipIf(browserMissing())('the page', () => {
  let chromium: TestBrowser
  beforeAll(async () => {
    chromium = await browser()
  })
  afterAll(() => chromium[Symbol.asyncDispose]())

  test('asks before an upgrade, shows both generations of workers, and reports how it ended', async () => {
    await using admin = await startAdmin([chat])
    const { operations } = admin
    const moving = {
      startedAt: Date.now(),
      phase: 'moving' as const,
      from: '0.1.0',
      to: '0.2.0',
      total: 40,
      moved: 12,
      ended: 0,
    }
    let finish = () => {}
    operations.upgrade = async () => {
      operations.upgradeInfo = moving
      operations.workers = [
        syntheticWorker(1, { state: 'leaving', connections: 28 }),
        syntheticWorker(2, { generation: 2, version: '0.2.0', connections: 12 }),
      ]
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      const upgrade = { ...moving, phase: 'done' as const, moved: 39, ended: 1, ms: 1234 }
      operations.upgradeInfo = upgrade
      operations.workers = [syntheticWorker(2, { generation: 2, version: '0.2.0', connections: 39 })]
      return { ok: true, upgrade }
    }
    await using opened = await openPage(chromium, admin.url)
    const { page } = opened
    await page.getByRole('button', { name: 'Upgrade' }).click()
    await page
      .getByRole('dialog', { name: 'Upgrade the gateway?' })
      .getByRole('button', { name: 'Upgrade' })
      .click()
    await page.getByText('Upgrading to 0.2.0: 12 of 40 connections moved').first().waitFor()
    await page.getByText(/Generation 1 .* version 0\.1\.0 .* 28 connections .* leaving/).waitFor()
    await page.getByText(/Generation 2 .* version 0\.2\.0 .* 12 connections .* taking over/).waitFor()
    finish()
    await page
      .getByText('Upgraded to 0.2.0: 39 connections moved, 1 ended with their old worker in 1.2 s.')
      .waitFor()
    await page.getByText(/Generation 1/).waitFor({ state: 'detached' })
    operations.upgrade = async () => ({ ok: false, error: 'the new code stopped: <b>no</b>' })
    await page.getByRole('button', { name: 'Upgrade', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Upgrade' }).click()
    await page.getByText('The gateway was not upgraded: the new code stopped: <b>no</b>.').waitFor()
    expect(opened.faults.filter((fault) => !fault.includes('422'))).toEqual([])
  })

  test('shows held connections, and that they are back', async () => {
    await using admin = await startAdmin([chat])
    const { connections } = admin.operations.route('chat')
    const held = (lost: number, still: number) => {
      Object.assign(connections, { open: 40 - still, held: still })
      const event = {
        type: 'hold',
        at: Date.now(),
        route: 'chat',
        lost,
        ended: {},
        held: still,
        worker: 1,
      } as const
      admin.operations.events.publish(event)
    }
    await using opened = await openPage(chromium, admin.url)
    const { page } = opened
    held(25, 25)
    await page.getByText('25 connections held until their upstream is back').waitFor()
    await page.getByText('25 held', { exact: true }).waitFor()
    held(0, 0)
    await page.getByText('All 2 upstreams are healthy').waitFor()
    await page.getByText('40 open', { exact: true }).waitFor()
  })

  test('names each certificate that is missing, was not renewed, or has to be, and only those', async () => {
    await using admin = await startAdmin([chat])
    const { operations } = admin
    await using opened = await openPage(chromium, admin.url)
    const day = 86_400_000
    const now = Date.now()
    const well = { failures: 0, orderAt: now + day }
    operations.acme = [
      { ...well, name: 'good.example', expiresAt: now + 60 * day },
      { ...well, name: 'new.example', failures: 2, error: 'no DNS <b>' },
      { ...well, name: 'old.example', expiresAt: now + 5.5 * day, failures: 9, error: 'rate limit' },
      { ...well, name: 'gone.example', expiresAt: now - day, failures: 40, error: 'refused' },
    ]
    const file = { listener: '0.0.0.0:443', expiresAt: now + 2.5 * day, leftMs: 2.5 * day }
    operations.certificates = [
      { ...file, names: ['a.example', 'b.example'], expiresSoon: true },
      { ...file, names: ['c.example'], expiresSoon: false },
      { ...file, names: ['old.example'], expiresSoon: true },
    ]
    const notes = opened.page.getByRole('status').filter({ hasText: 'certificate' })
    await opened.page.getByText('No certificate for new.example yet: no DNS <b>').waitFor()
    expect((await notes.allTextContents()).toSorted()).toEqual([
      'No certificate for new.example yet: no DNS <b>',
      expect.stringMatching(/^The certificate for gone\.example has expired and was not renewed: refused$/),
      expect.stringMatching(
        /^The certificate for old\.example expires in 5 d.* and was not renewed: rate limit$/,
      ),
      expect.stringMatching(
        /^The certificate of a\.example, b\.example on 0\.0\.0\.0:443 expires in 2 d.*: renew it, and reload$/,
      ),
    ])
    Object.assign(operations, { acme: undefined, certificates: undefined })
    await notes.first().waitFor({ state: 'detached' })
    expect(opened.faults).toEqual([])
  })

  test('shows the nodes of its fleet, whose turn it is to drain, and that the store is away', async () => {
    await using admin = await startAdmin([chat])
    const node = { version: '0.2.0', generation: 1, connections: 7, self: false, phase: 'draining' as const }
    const fleet = {
      name: 'chat',
      id: 'a1',
      store: {
        address: 'redis://10.0.0.5:6379',
        state: 'present' as const,
        forMs: 1000,
        calls: { answered: 1, failed: 0, late: 0 },
      },
      members: [
        { ...node, id: 'a1', host: 'gw1', phase: 'serving' as const, connections: 40, self: true },
        { ...node, id: 'b2', host: 'gw2' },
        { ...node, id: 'c3', host: 'gw3' },
      ],
      admissions: { store: 1, local: 0 },
      shedding: 'b2',
    }
    admin.operations.fleet = fleet
    await using opened = await openPage(chromium, admin.url)
    const card = opened.page.getByRole('region', { name: 'Fleet chat' })
    await card.getByRole('row', { name: 'gw1 this gateway serving 0.2.0 40' }).waitFor()
    await card.getByRole('row', { name: 'gw2 b2 draining 0.2.0 7' }).waitFor()
    await card.getByRole('row', { name: 'gw3 c3 draining waits for its turn 0.2.0 7' }).waitFor()
    admin.operations.fleet = {
      ...fleet,
      store: { ...fleet.store, state: 'away' as never, error: 'ECONNREFUSED' },
    }
    await card.getByText('The store of the fleet is away (ECONNREFUSED)').waitFor()
    admin.operations.fleet = undefined
    await card.waitFor({ state: 'detached' })
    expect(opened.faults).toEqual([])
  })

  test('has the route in trouble first, then closes only when there were any, and says numbers and times before a drain', async () => {
    const dead = {
      name: 'dead',
      open: 0,
      held: 7,
      upstreams: [{ name: 'ws://10.0.1.1:3000', connections: 0 }],
    }
    await using admin = await startAdmin([chat, dead])
    admin.operations.health('dead', 'ws://10.0.1.1:3000', false, 'connection refused')
    await using opened = await openPage(chromium, admin.url)
    const { page } = opened
    await page.getByText('dead has no upstream: 7 clients wait').waitFor()
    const headings = () => page.locator('h2, h3').allTextContents()
    expect((await headings()).slice(0, 4)).toEqual([
      'Routes and upstreams',
      'dead',
      'chat',
      expect.stringMatching(/^Closes by code/),
    ])
    // What is not there has no place.
    expect(await page.locator('.chart').count()).toBe(0)
    expect(await page.getByText(/^0 (held|closing|new a second)/).count()).toBe(0)
    admin.operations.close('chat', 1012, 'gateway', 'service restart', 3)
    await page.locator('.chart canvas').waitFor()
    const words = async (button: string) => {
      await page.getByRole('button', { name: button, exact: true }).click()
      const text = await page.getByRole('dialog').textContent()
      await page.keyboard.press('Escape')
      return text
    }
    const all = await words('Drain gateway')
    expect(all).toContain('It concerns 47 connections. They are closed with 1012 one by one over 5 s, ')
    expect(all).toContain('what is left after 30 s is cut.')
    expect(await words('Drain route chat')).toContain('It concerns 40 connections.')
    const one = await words('Drain upstream ws://10.0.0.1:3000 of route chat')
    expect(one).toContain('It concerns 20 connections. Those of a route with hold move to another upstream')
    expect(await words('Upgrade')).toContain('take over 47 connections')
  })

  test('says before a reload what it would change', async () => {
    await using admin = await startAdmin([chat])
    const preview = (result: object) => {
      admin.operations.reloadResult = result as never
    }
    await using opened = await openPage(chromium, admin.url)
    const { page } = opened
    const words = async (expected: string) => {
      await page.getByRole('button', { name: 'Reload' }).click()
      await page.getByRole('dialog').getByText(expected).waitFor()
      await page.keyboard.press('Escape')
    }
    preview({ ok: true, changes: ["route 'chat' removed"], notes: [], drained: 3 })
    await words("route 'chat' removed. 3 connections would be closed.")
    preview({ ok: true, changes: [], notes: [], drained: 0 })
    await words('Nothing is different in the file')
    preview({ ok: false, problems: ["holdfast.yaml:6:5: unknown key 'limitz'"] })
    await words("holdfast.yaml:6:5: unknown key 'limitz'")
    expect(admin.operations.asked).not.toContain('reload')
  })

  test.each([
    [
      'de-CH',
      'de',
      'dead hat keinen Upstream: 1.234 Clients warten',
      'Routen und Upstreams',
      'Route dead abbauen?',
    ],
    [
      'fr',
      'fr',
      'dead n\u0027a aucun serveur en amont : 1\u202f234 clients attendent',
      'Routes et serveurs en amont',
      'Drainer : route dead ?',
    ],
    [
      'es-MX',
      'es',
      'dead no tiene upstream: 1234 clientes esperan',
      'Rutas y upstreams',
      '¿Drenar ruta dead?',
    ],
    [
      'pt-BR',
      'pt',
      'dead está sem upstream: 1.234 clientes aguardam',
      'Rotas e upstreams',
      'Drenar rota dead?',
    ],
    [
      'ja',
      'ja',
      'dead にアップストリームがありません: 1,234 クライアントが待機中',
      'ルートとアップストリーム',
      'ルート dead をドレインしますか?',
    ],
    ['zh-CN', 'zh', 'dead 没有可用上游：1,234 个客户端在等待', '路由和上游', '排空 路由 dead？'],
    ['sv', 'en', 'dead has no upstream: 1,234 clients wait', 'Routes and upstreams', 'Drain route dead?'],
  ])(
    'for a browser in %s is in one language, %s, and fits on a phone',
    async (locale, tag, headline, heading, question) => {
      const dead = {
        name: 'dead',
        open: 0,
        held: 1234,
        upstreams: [{ name: 'ws://10.0.1.1:3000', connections: 0 }],
      }
      await using admin = await startAdmin([chat, dead])
      admin.operations.health('dead', 'ws://10.0.1.1:3000', false, 'connection refused')
      await using opened = await openPage(chromium, admin.url, {
        locale,
        viewport: { width: 360, height: 700 },
      })
      const { page } = opened
      expect(await page.locator('html').getAttribute('lang')).toBe(tag)
      expect(await page.locator('.verdict').textContent()).toBe(headline)
      expect(await page.locator('h2#routes').textContent()).toBe(heading)
      admin.operations.close('chat', 1012, 'gateway', 'service restart; retry=1000', 3)
      await page.locator('.chart canvas').waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      await page.locator('.bad-route .title button').click()
      expect(await page.locator('#question').textContent()).toBe(question)
      if (tag !== 'en') {
        // Nothing of the English page is left, but names, codes and what the gateway itself says.
        const shown = await page.locator('#page').textContent()
        expect(shown).not.toMatch(/\b(?:Healthy|Unhealthy|connections|Recent|closed|second|Cancel|Reload)\b/)
      }
      expect(opened.faults).toEqual([])
    },
  )

  test('has what concerns the whole gateway at its end on a phone', async () => {
    await using admin = await startAdmin([chat])
    await using opened = await openPage(chromium, admin.url, { viewport: { width: 360, height: 700 } })
    const { page } = opened
    const top = async (name: string) =>
      (await page.getByRole('button', { name, exact: true }).boundingBox())!.y
    expect(await top('Drain gateway')).toBeGreaterThan(await top('Drain route chat'))
  })

  test('says that the gateway does not answer, and goes on when it does again', async () => {
    const first = await startAdmin([chat])
    const port = Number(new URL(first.url).port)
    await using opened = await openPage(chromium, first.url)
    const { page } = opened
    await first.server.close()
    await page.getByText('No connection to the gateway').waitFor()
    expect(await page.getByRole('button', { name: 'Reload' }).isDisabled()).toBe(true)
    const { operations } = first
    const log = pino({ level: 'silent' })
    const again = new AdminServer(
      { host: '127.0.0.1', port },
      { operations, log, clock: systemClock, page: pageFolder },
    )
    await again.listen()
    await page.getByText('All 2 upstreams are healthy').waitFor()
    await again.close()
  })

  test('shows names and errors with markup as text', async () => {
    const name = '<img src=x onerror=document.title=1>'
    await using admin = await startAdmin([{ name, open: 1, upstreams: [{ name: `ws://${name}` }] }])
    admin.operations.health(name, `ws://${name}`, false, `<script>document.title=2</script>`)
    await using opened = await openPage(chromium, admin.url)
    const { page } = opened
    await page.getByText('<script>document.title=2</script>').first().waitFor()
    await page.getByRole('heading', { name }).waitFor()
    expect(await page.locator('#page img, #page script').count()).toBe(0)
    expect(await page.title()).toBe('Holdfast')
    expect(opened.faults).toEqual([])
  })

  test('stays quick with 5,000 connections and 2,000 closes a second, on twenty pages at once', async () => {
    await using admin = await startAdmin([
      { ...chat, open: 5000 },
      { ...chat, name: 'other', open: 0 },
    ])
    const { operations } = admin
    // By the time that has passed: a timer is late on a busy machine.
    const began = performance.now()
    let closes = 0
    const timer = setInterval(() => {
      const due = Math.floor((performance.now() - began) * 2) - closes
      closes += due
      operations.pass('chat', due, 10 * due)
      for (let i = 0; i < due; i++)
        operations.close(
          'chat',
          [1000, 1001, 1012, 1014][i % 4]!,
          'gateway',
          `reason ${i}; retry=${1000 + i}`,
        )
    }, 100)
    try {
      await using opened = await openPage(chromium, admin.url)
      const { page, context } = opened
      await page.getByText('5,000 open').waitFor()
      expect(await longestTask(page, 3000, 100)).toBeLessThan(100)
      const all = [page]
      for (let i = 0; i < 19; i++) {
        const [other] = await Promise.all([
          context.waitForEvent('page'),
          page.evaluate(() => void open(location.href)),
        ])
        all.push(other)
      }
      const looks = operations.looks
      const start = performance.now()
      for (const one of all) await one.getByText('5,000 open').waitFor()
      for (const one of all)
        await expect
          .poll(() => one.locator('.numbers').textContent())
          .toMatch(/Closed\/s(1,[6-9]|2,[0-4])\d\dMessages/)
      // One stream serves all pages of a browser, which opens only six connections over HTTP/1.1; and one look all streams.
      expect(operations.events.watchers).toBe(1)
      expect(operations.looks - looks).toBeLessThanOrEqual((performance.now() - start) / 1000 + 2)
      expect(opened.faults).toEqual([])
    } finally {
      clearInterval(timer)
    }
  })

  test.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)(
    'in %s at %i px wide has nothing serious for axe, no sideways scroll, and obeys the keyboard',
    async (colorScheme, width) => {
      await using admin = await startAdmin([
        chat,
        {
          name: 'a-route-with-a-rather-long-name-that-goes-on',
          open: 3,
          held: 2,
          upstreams: [{ name: 'wss://a-very-long-name-of-an-upstream.example.internal:12345/with/a/path' }],
        },
      ])
      const { operations } = admin
      operations.health('chat', 'ws://10.0.0.2:3000', false, 'connection refused')
      operations.drains = [
        { scope: 'route chat', total: 9, closed: 4, cut: 0, moved: 0, done: false },
        { scope: 'gateway', total: 9, closed: 9, cut: 0, moved: 0, done: true },
      ]
      operations.close('chat', 1014, 'gateway', `bad gateway: ${'x'.repeat(90)}; retry=1000`)
      operations.close('chat', 1000, 'client', '')
      await using opened = await openPage(chromium, admin.url, {
        colorScheme,
        viewport: { width, height: 800 },
      })
      const { page } = opened
      await row(page, 'ws://10.0.0.2:3000').getByText('connection refused').waitFor()
      expect(await sideways(page)).toBe(0)
      expect(await serious(page)).toEqual([])

      const reached = await tabThrough(page)
      const buttons = await page.getByRole('button').count()
      expect(reached.size).toBe(buttons)
      expect([...reached.values()].every((outline) => outline)).toBe(true)

      await page.getByRole('button', { name: '1014 Bad Gateway: explain' }).first().focus()
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog', { name: '1014 Bad Gateway' })
      const reference = dialog.getByRole('link', { name: 'More in the reference' })
      expect(await reference.getAttribute('href')).toBe('/docs/en/1014/')
      await dialog.getByLabel('Compare with').selectOption('1012')
      await dialog.getByRole('heading', { name: '1012 Service Restart and 1014 Bad Gateway' }).waitFor()
      expect(await reference.getAttribute('href')).toBe('/docs/en/1012-vs-1014/')
      expect(await serious(page)).toEqual([])
      expect(await sideways(page)).toBe(0)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('1014')

      await page.getByRole('button', { name: 'Drain gateway' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Drain the whole gateway?' }).waitFor()
      // What is safe has the focus.
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel')
      expect(await serious(page)).toEqual([])
      await page.keyboard.press('Enter')
      expect(operations.asked).toEqual([])
      expect(opened.faults).toEqual([])
    },
  )
})

const pageFolder = page

/**
 * Milliseconds that the longest task of the page took within `ms`. Processor time: on a busy machine a task may wait for a
 * processor in between. The least of up to three measurements that is below `enough`: what else runs only adds to one.
 */
async function longestTask(page: Page, ms: number, enough: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let times = 0; times < 3 && least >= enough; times++)
    least = Math.min(least, await longestTaskOnce(page, ms))
  return least
}

async function longestTaskOnce(page: Page, ms: number): Promise<number> {
  const chromium = page.context().browser()!
  await chromium.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] })
  await page.evaluate((ms) => new Promise((resolve) => setTimeout(resolve, ms)), ms)
  const trace = JSON.parse((await chromium.stopTracing()).toString()) as {
    traceEvents: { name: string; tdur?: number }[]
  }
  const tasks = trace.traceEvents.filter(({ name }) => name === 'RunTask').map(({ tdur = 0 }) => tdur / 1000)
  expect(tasks.length).toBeGreaterThan(50)
  return Math.max(...tasks)
}

/** Pixels by which the page is wider than the window. */
function sideways(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

async function serious(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await axe.run()
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
}

/** What Tab reaches until it comes round, and whether each of them shows that it has the focus. */
async function tabThrough(page: Page): Promise<Map<string, boolean>> {
  const reached = new Map<string, boolean>()
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  for (let i = 0; i < 100; i++) {
    await page.keyboard.press('Tab')
    const [name, outline] = await page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return ['', false] as const
      const all = [...document.querySelectorAll('button, a, input, select')]
      const shown = getComputedStyle(element)
      return [
        String(all.indexOf(element)),
        shown.outlineStyle !== 'none' && shown.outlineWidth !== '0px',
      ] as const
    })
    if (name === '' || reached.has(name)) break
    reached.set(name, outline)
  }
  return reached
}
