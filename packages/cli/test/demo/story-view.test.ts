import { expect, test } from 'vitest'
import { newStory } from '../../src/demo/story.ts'
import { liveLines, plainLine, summary, wentWell } from '../../src/demo/story-view.ts'

const plain = (_: string, text: string) => text

function story(more: object = {}) {
  const all = newStory('return', 3)
  Object.assign(all, { start: 1000 })
  const counts = { open: 3, sent: 1234, received: 1230, lost: 4, longestPause: 4321 }
  Object.assign(all.tally, { ...counts, returns: [5000, 5050, 9000], ...more })
  all.tally.closes.set(1012, 3)
  all.steps[0]!.state = 'done'
  all.steps[0]!.ended = 3
  return all
}

function held(more: object = {}) {
  const all = newStory('hold', 3)
  Object.assign(all.tally, { open: 3, sent: 999, received: 999, longestPause: 34.4, ...more })
  for (const step of all.steps) step.state = 'done'
  all.steps[2]!.moved = 3
  return all
}

test('the summary puts the stories beside each other, the one with hold first', () => {
  expect(
    summary([story(), held()], plain),
  ).toBe(`                  with hold, and live upgrade   without hold: clients return
  restarted       backends 1, 2, 3              backend 1
  upgraded        gateway, 3 moved              none
  disconnects     none                          3 with 1012, none with 1006
  came back       nobody had to                 all 3
  busiest 100 ms  no returns                    2 of 3 returns (66.7 %)
  messages sent   999                           1,234
  lost            0                             4
  doubled         0                             0
  reordered       0                             0
  longest pause   34 ms                         4.3 s
`)
})

test('what became of clients whose network broke stands below, and a message that is lost is not well', () => {
  const network = newStory('network', 200)
  for (const step of network.steps) step.state = 'done'
  Object.assign(network.tally, { open: 50, sent: 1234, received: 1234, longestPause: 1100 })
  expect(summary([network], plain).split('\n').slice(-5)).toEqual([
    '  network cut     2 times for 50 clients with resume',
    '  closes          none',
    '  messages        1,234 sent, 0 lost, 0 doubled, 0 reordered',
    '  longest wait    1.1 s',
    '',
  ])
  expect(wentWell(network)).toBe(true)
  network.tally.reordered = 1
  expect(wentWell(network)).toBe(false)
})

test('no line of the summary is wider than a terminal, and colours take no room', () => {
  const many = { clients: 2000, open: 2000, sent: 1_234_567, returns: Array.from({ length: 4444 }, () => 1) }
  const wide = story(many)
  wide.tally.closes.set(1012, 4444)
  const lines = summary([wide, held({ ...many, returns: [] })], plain).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  const painted = summary([wide, held({ ...many, returns: [] })], (_, text) => `\x1b[1m${text}\x1b[22m`)
  expect(painted.replaceAll(/\x1b\[\d+m/g, '').split('\n')).toEqual(lines)
})

test('the summary hides no 1006 and nobody who is away', () => {
  const bad = story({ open: 2 })
  bad.tally.closes.set(1006, 5)
  expect(summary([bad], plain)).toMatch(/5 with 1006, 3 with 1012\n +came back +2 of 3/)
  expect(wentWell(bad)).toBe(false)
  expect(wentWell(story({ open: 2 }))).toBe(false)
  expect(wentWell(story())).toBe(true)
})

test.each(['lost', 'doubled', 'reordered'])(
  'a story with hold in which one message is %s has not gone well',
  (what) => {
    expect(wentWell(held())).toBe(true)
    expect(wentWell(held({ [what]: 1 }))).toBe(false)
  },
)

test('a story with hold in which a client was disconnected has not gone well', () => {
  const bad = held()
  bad.tally.closes.set(1012, 1)
  expect(wentWell(bad)).toBe(false)
  expect(summary([bad], plain)).toMatch(/disconnects +1 with 1012, none with 1006\n/)
  bad.steps[0]!.ended = 1
  expect(liveLines(bad, 0, plain)[0]).toBe('  backend 1       restarted; 1 left')
})

test('the summary of a story without returns has no share of them', () => {
  expect(summary([newStory('return', 3)], plain)).toMatch(/busiest 100 ms +no returns/)
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
    '  longest pause   4.3 s',
  ])
})

test('the plain line has the same figures', () => {
  expect(plainLine(story(), 9500)).toBe(
    ' 9 s  3 of 3 connected; closes: 3 with 1012, none with 1006; 1 returns/s; 1,234 sent, 1,230 received, 4 lost\n',
  )
})

test('a story with hold says what was moved, and speaks of no returns', () => {
  expect(liveLines(held(), 9500, plain).slice(1, 3)).toEqual([
    '  backend 2       restarted; nobody left',
    '  gateway         upgraded, 3 connections moved; nobody left',
  ])
  expect(plainLine(held(), 9500)).toMatch(/3 of 3 connected; closes: none; 999 sent, 999 received, 0 lost/)
})
