// Takes the pictures of the operator's page that the documents show: node apps/dashboard/screenshots.mjs [folder]
// The gateway in them is made of numbers; the page and the admin port are real. STORY=upgrade shows that, FULL=1 all of the page.
import { chromium } from 'playwright-core'
import { fromSource, root } from './from-source.mjs'

const folder = process.argv[2] ?? `${root}docs/images`

const { startStory } = await fromSource('/packages/gateway/test/synthetic-story.ts')
const story = await startStory(`${root}packages/gateway/dist/page`, process.env.STORY ?? 'incident')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })

const sizes = {
  desktop: { viewport: { width: 1280, height: 1060 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
}

for (const colorScheme of ['light', 'dark']) {
  for (const [size, options] of Object.entries(sizes)) {
    const context = await browser.newContext({ ...options, colorScheme, locale: 'en-GB' })
    const page = await context.newPage()
    await page.goto(story.url)
    await page.waitForSelector('.closes tbody tr')
    // A second frame, so that there are rates.
    await page.waitForTimeout(2500)
    await page.screenshot({
      path: `${folder}/operator-${colorScheme}-${size}.png`,
      fullPage: process.env.FULL === '1',
    })
    await context.close()
  }
}

await browser.close()
await story.close()
process.exit(0)
