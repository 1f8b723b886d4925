// The operator's page in a real Chromium, on a running gateway with real backends.
import {
  browser,
  browserMissing,
  faultUpstream,
  forkUpstream,
  type Holdfast,
  runtime,
  startHoldfast,
  startUpstream,
  type TestBrowser,
  wsClient,
} from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPage, row } from './dashboard-page.ts'

/** Bun cannot hand sockets to other processes: there is no live upgrade. */
const manyProcesses = test.skipIf(runtime().name === 'bun')

const health = { path: '/', interval: '2s', timeout: '2s', unhealthy: 1 }

describe.skipIf(browserMissing())('the page of a running gateway', () => {
  let chromium: TestBrowser
  beforeAll(async () => {
    chromium = await browser()
  })
  afterAll(() => chromium[Symbol.asyncDispose]())

  const open = (holdfast: Holdfast, options?: Parameters<typeof openPage>[2]) =>
    openPage(chromium, holdfast.admin!, options)

  test('shows a killed backend, with the error, the closes and their reason', async () => {
    await using other = await startUpstream()
    await using backend = await forkUpstream()
    const routes = [{ name: 'chat', upstreams: [backend.url, other.url], health, balance: 'round-robin' }]
    await using holdfast = await startHoldfast({ config: { workers: 1, routes } })
    const clients = Array.from({ length: 6 }, () => wsClient(holdfast.url))
    await Promise.all(clients.map(({ opened }) => opened))
    await using opened = await open(holdfast)
    const { page } = opened
    await page.getByText('All 2 upstreams are healthy').waitFor()
    await expect.poll(() => page.locator('.numbers').textContent()).toMatch(/Open6Held0/)
    const sick = row(page, backend.url)
    await sick.getByText('Healthy', { exact: true }).waitFor()

    await backend.kill()
    await sick.getByText('Unhealthy', { exact: true }).waitFor()
    await page
      .getByText(/is unhealthy: (connection refused|connection reset)/)
      .first()
      .waitFor()
    await expect.poll(() => sick.textContent()).toMatch(/connection refused|connection reset/)
    const closes = page.locator('.closes tr', { hasText: '1014' })
    await expect.poll(() => closes.textContent()).toMatch(/Bad Gatewayupstream33$/)
    await expect.poll(() => page.getByRole('img').getAttribute('aria-label')).toContain('1014')
    const recent = page.locator('.recent li', { hasText: 'bad gateway: upstream connection lost' })
    await expect
      .poll(() => recent.textContent())
      .toMatch(/1014bad gateway: upstream connection lost.*by the upstream · chat×3/)
    await expect
      .poll(() => page.locator('.news').textContent())
      .toMatch(/is unhealthy \(route chat\): (connection (refused|reset|lost)|stopping)/)
    expect(opened.faults).toEqual([])
  })

  test('shows who is held while a backend restarts, and that they are back', async () => {
    await using backend = await forkUpstream()
    const routes = [{ name: 'chat', upstreams: [backend.url], hold: { for: '20s', state: 'none' } }]
    await using holdfast = await startHoldfast({ config: { routes } })
    const clients = Array.from({ length: 5 }, () => wsClient(holdfast.url))
    await Promise.all(clients.map(({ opened }) => opened))
    await using opened = await open(holdfast)
    const { page } = opened
    await page.getByText('5 open', { exact: true }).waitFor()
    await backend.kill()
    await page.getByText('5 held', { exact: true }).waitFor()
    await page
      .getByText(/^chat has no upstream: 5 clients wait, the first is sent away in \d+ s$/)
      .first()
      .waitFor()
    await using _next = await forkUpstream({ port: backend.port })
    await page.getByText('5 open', { exact: true }).waitFor()
    await page.getByText('5 returns from a hold').waitFor()
    expect(clients.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true)
    expect(opened.faults).toEqual([])
  })

  manyProcesses('upgrades after it has asked, and shows both generations of workers', async () => {
    await using upstream = await startUpstream()
    await using silent = await faultUpstream('no answer')
    const config = {
      workers: 1,
      drain: { spread: '1s', deadline: '30s', retry: ['1s', '2s'] },
      routes: [
        { name: 'chat', match: { path: '/chat' }, upstreams: [upstream.url] },
        // What is still shaking hands stays with the old worker.
        { name: 'slow', upstreams: [silent.url], timeouts: { handshake: '30s' }, attempts: 1 },
      ],
    }
    await using holdfast = await startHoldfast({ config })
    const clients = Array.from({ length: 5 }, () => wsClient(`${holdfast.url}/chat`))
    await Promise.all(clients.map(({ opened }) => opened))
    await using opened = await open(holdfast)
    const { page } = opened
    const slow = wsClient(`${holdfast.url}/slow`)
    slow.socket.on('error', () => {})
    await expect.poll(() => silent.requests.length).toBe(1)
    await page.getByRole('button', { name: 'Upgrade', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Upgrade' }).click()
    await page.getByText('Upgrading…').waitFor()
    await page.getByText(/Generation 1 .* leaving/).waitFor()
    await page.getByText(/Generation 2 .* 5 connections .* taking over/).waitFor()
    slow.socket.terminate()
    await page.locator('.result', { hasText: /Upgraded to .*: 5 connections moved/ }).waitFor()
    await page.getByText(/Generation 1/).waitFor({ state: 'detached' })
    expect(clients.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true)
    expect(opened.faults).toEqual([])
  })

  test('drains a route after it has asked, and shows how far it is and how it ended', async () => {
    await using upstream = await startUpstream()
    const drain = { spread: '2s', deadline: '4s', retry: ['1s', '2s'] }
    const routes = ['chat', 'other'].map((name) => ({
      name,
      match: { path: `/${name}` },
      upstreams: [upstream.url],
    }))
    await using holdfast = await startHoldfast({ config: { drain, routes } })
    const clients = Array.from({ length: 20 }, () => wsClient(`${holdfast.url}/chat`))
    const bystander = wsClient(`${holdfast.url}/other`)
    await Promise.all([...clients, bystander].map(({ opened }) => opened))
    await using opened = await open(holdfast)
    const { page } = opened

    await page.getByRole('button', { name: 'Drain route chat' }).click()
    const dialog = page.getByRole('dialog', { name: 'Drain route chat?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(clients.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true)

    await page.getByRole('button', { name: 'Drain route chat' }).click()
    await dialog.getByRole('button', { name: 'Drain route' }).click()
    await page.getByText('Draining route chat…').waitFor()
    await page
      .getByText(/^Draining route chat: \d+ closed of 20 connections/)
      .first()
      .waitFor()
    await page.getByRole('progressbar').waitFor()
    await page.getByText('Drained route chat: 20 closed.').waitFor()
    await page.getByRole('listitem').getByText('Drained route chat: 20 closed').first().waitFor()
    expect((await clients[0]!.closed).code).toBe(1012)
    expect(bystander.socket.readyState).toBe(bystander.socket.OPEN)

    await page.getByRole('button', { name: 'Drain gateway' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Drain gateway' }).click()
    expect((await bystander.closed).code).toBe(1012)
    await page.getByText('Drained the whole gateway: 1 closed.').waitFor()
    await page.getByText('No connection to the gateway').waitFor()
    expect((await holdfast.exited).code).toBe(0)
  })

  test('reloads after it has asked, and shows the line of what is wrong', async () => {
    await using upstream = await startUpstream()
    const good = `listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nroutes:\n  - name: chat\n    upstreams: [${upstream.url}]\n`
    await using holdfast = await startHoldfast({ config: good })
    await using opened = await open(holdfast)
    const { page } = opened
    const reload = async () => {
      await page.getByRole('button', { name: 'Reload', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Reload' }).click()
    }
    holdfast.writeConfig(`${good}    limitz: {}\n`)
    await reload()
    await page.getByText('The configuration was not reloaded').waitFor()
    expect(await page.locator('.result li').textContent()).toMatch(/holdfast\.yaml:6:5: unknown key 'limitz'/)
    holdfast.writeConfig(good.replace('chat', 'talk'))
    await reload()
    await page.getByText('Configuration reloaded.', { exact: true }).waitFor()
    await page.getByRole('heading', { name: 'talk' }).waitFor()
    await page.getByRole('button', { name: /^Dismiss: The configuration was not/ }).click()
    await expect.poll(() => page.locator('.result').count()).toBe(1)
  })

  test('asks for the token, keeps it out of reach of scripts and of the address, and logs out', async () => {
    await using upstream = await startUpstream()
    const config = {
      admin: { address: '127.0.0.1:0', token: 'let-me-in-0123456789' },
      routes: [{ name: 'chat', upstreams: [upstream.url] }],
    }
    await using holdfast = await startHoldfast({ config })
    await using opened = await open(holdfast, { login: true })
    const { page, context } = opened
    await page.getByLabel('Admin token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('this is not the admin token').waitFor()
    await page.getByLabel('Admin token').fill('let-me-in-0123456789')
    await page.keyboard.press('Enter')
    await page.getByText('No upstream fails; 1 of 1 upstream is not probed').waitFor()
    expect(page.url()).not.toContain('let-me-in')
    expect(
      await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })),
    ).toBe('{}')
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    expect(cookie?.value).not.toContain('let-me-in')
    // Another page of the same browser is logged in too.
    const second = await context.newPage()
    await second.goto(holdfast.admin!)
    await second.getByText('No upstream fails; 1 of 1 upstream is not probed').waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Admin token').waitFor()
    await second.getByLabel('Admin token').waitFor()
  })

  test('shows reasons with markup as text', async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({
      config: { routes: [{ name: 'chat', upstreams: [upstream.url] }] },
    })
    await using opened = await open(holdfast)
    const { page } = opened
    const reason = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    const client = wsClient(holdfast.url)
    await client.opened
    client.socket.close(4001, reason)
    await page.locator('.recent').getByText(reason).waitFor()
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(await page.title()).toBe('Holdfast')
    expect(opened.faults).toEqual([])
  })

  test('explains a code in the language of the browser, and compares it', async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({
      config: { routes: [{ name: 'chat', upstreams: [upstream.url] }] },
    })
    await using opened = await open(holdfast, { locale: 'de-CH' })
    const { page } = opened
    await closeOne(holdfast, 1000)
    await closeOne(holdfast, 4404)
    await page.getByRole('button', { name: '1000 Normal Closure: erklären' }).first().click()
    const dialog = page.getByRole('dialog', { name: '1000 Normal Closure' })
    await dialog.getByLabel('Vergleichen mit').waitFor()
    expect(await dialog.getAttribute('lang')).toBe('de')
    await dialog.getByLabel('Vergleichen mit').selectOption('1012')
    await dialog.getByRole('heading', { name: /1000 Normal Closure .* 1012 Service Restart/ }).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: '4404: erklären' }).first().click()
    await page.getByRole('dialog').getByText('4404').first().waitFor()
    expect(await page.getByRole('dialog').getByRole('combobox').count()).toBe(0)
    expect(opened.faults).toEqual([])
  })

  async function closeOne(holdfast: Holdfast, code: number): Promise<void> {
    const client = wsClient(holdfast.url)
    await client.opened
    client.socket.close(code)
    await client.closed
  }
})
