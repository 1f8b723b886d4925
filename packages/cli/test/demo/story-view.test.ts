import { expect, test } from 'vitest'
import { newStory } from '../../src/demo/story.ts'
import { liveLines, plainLine, summary, wentWell } from '../../src/demo/story-view.ts'

const plain = (_: string, text: string) => text

function story(more: object = {}) {
  const all = newStory(3)
  Object.assign(all, { start: 1000 })
  Object.assign(
    all.tally,
    { open: 3, sent: 1234, received: 1230, lost: 4, returns: [5000, 5050, 9000] },
    more,
  )
  all.tally.closes.set(1012, 3)
  all.steps[0]!.state = 'done'
  all.steps[0]!.ended = 3
  return all
}

test('the summary says what was restarted, with which codes, and who came back', () => {
  expect(summary(story(), plain)).toBe(`  restarted       backend 1
  disconnects     3 with 1012, none with 1006
  1006            nobody saw it
  came back       all 3
  busiest 100 ms  2 of 3 returns (66.7 %)
  messages        1,234 sent, 1,230 received, 4 lost
`)
})

test('the summary hides no 1006 and nobody who is away', () => {
  const bad = story({ open: 2 })
  bad.tally.closes.set(1006, 5)
  expect(summary(bad, plain)).toMatch(/5 with 1006, 3 with 1012\n +1006 +seen 5 times\n +came back +2 of 3/)
  expect(wentWell(bad)).toBe(false)
  expect(wentWell(story({ open: 2 }))).toBe(false)
  expect(wentWell(story())).toBe(true)
})

test('the summary of a story without returns has no share of them', () => {
  expect(summary(newStory(3), plain)).toMatch(/busiest 100 ms +no returns/)
})

test('the live table has a line for each restart and each figure', () => {
  expect(liveLines(story(), 9500, plain)).toEqual([
    '  backend 1       restarted; 3 left and came back',
    '  backend 2       serving',
    '  backend 3       serving',
    '  gateway         serving',
    '',
    '  time            9 s',
    '  connections     3 open, 0 away',
    '  closes          3 with 1012, none with 1006',
    '  returns         1 a second',
    '  messages        1,234 sent, 1,230 received, 4 lost',
  ])
})

test('the plain line has the same figures', () => {
  expect(plainLine(story(), 9500)).toBe(
    ' 9 s  3 of 3 connected; closes: 3 with 1012, none with 1006; 1 returns/s; 1,234 sent, 1,230 received, 4 lost\n',
  )
})
