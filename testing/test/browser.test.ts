import { expect, test } from 'vitest'
import { browser, browserMissing } from '../src/browser.ts'
import { startUpstream } from '../src/start-upstream.ts'
import { closedPort } from '../src/tcp-server.ts'

test.skipIf(browserMissing())('a page tells what its WebSocket saw, in order', async () => {
  await using chromium = await browser()
  await using upstream = await startUpstream({ closeAfter: { messages: 2, code: 1012, reason: 'later' } })
  const seen = await chromium.observeWebSocket(upstream.url, { protocols: ['chat'], send: ['a', 'b'] })
  expect(seen).toEqual({
    events: ['open', 'message', 'message', 'close'],
    messages: ['a', 'b'],
    opened: { protocol: 'chat', extensions: '' },
    close: { code: 1012, reason: 'later', wasClean: true },
  })
  await using again = await browser()
  const refused = await again.observeWebSocket(`ws://127.0.0.1:${await closedPort()}`)
  expect(refused.events).toEqual(['error', 'close'])
  expect(refused.close).toEqual({ code: 1006, reason: '', wasClean: false })
})
