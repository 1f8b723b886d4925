import type { SiteText } from './site-text.ts'

export const en: SiteText = {
  skip: 'To the content',
  navigation: 'Parts of the site',
  languages: 'Languages',
  search: 'Search',
  searchHint: '1006, restart, nginx …',
  nothingFound: 'Nothing found for “{query}”.',
  footer:
    'Everything on this page comes from one table that the program itself uses. It asks no other server for anything.',
  asJson: 'This page as JSON',
  sections: {
    codes: 'Close codes',
    compare: 'Compare',
    who: 'Who says what',
    diagnose: 'Diagnose',
    frame: 'Frame',
    tryIt: 'Try it',
    guide: 'Guide',
    api: 'API',
  },
  category: 'WebSocket close codes',
  home: {
    title: 'WebSocket close codes: what they mean and what to do',
    description:
      'The 19 registered WebSocket close codes, every pair compared, and tools to find out why a connection ended.',
    intro:
      'Your WebSocket closed, and all you have is a number. Here is what it means, who says it, and what to do.',
    start: 'You have a number',
    about: {
      codes: 'Each registered code: what it means, when you see it, how to fix it, and whether to reconnect.',
      compare: 'Two codes side by side, and which to use when.',
      who: 'What servers, proxies and clients really do when they stop or fail, as measured.',
      diagnose:
        'Paste the configuration of your proxy and see the line that breaks WebSockets. Nothing leaves the page.',
      frame: 'Decode frames from hex, a HAR file or a capture, and see why the connection ended.',
      tryIt: 'Stop, kill and hang a real server and watch what a client sees, with and without Holdfast.',
      guide: 'How to run Holdfast, from the first minute to a fleet.',
      api: 'The interfaces of the packages.',
    },
  },
  codePage: {
    description: 'WebSocket close code {code} {name}: {meaning}',
    compareWith: 'Compare with',
    inEcosystems: 'What others mean by it',
  },
  pairPage: {
    whatItIs: 'What it is',
    differences: 'Key differences',
    common: 'What they share',
    whichToUse: 'When to use which',
    whoSends: 'Who sends it',
    clients: 'What clients do with it',
    onTheWire: 'On the wire',
    linesToWrite: 'What to write',
    nothingToWrite: 'Nothing: no program sends it.',
    notes: 'What to know',
    description:
      '{a} or {b}? What sets the two WebSocket close codes apart, when you see them, how to fix them, and which to use when.',
    often: 'Often compared',
    all: 'All pairs',
    intro: 'Two close codes side by side: what differs, when you see which, and which to send.',
  },
  wire: {
    noFrame: '{code} never stands in a frame.',
    example: 'A Close frame from a server, byte by byte:',
    head: 'final fragment, opcode 8 (Close), and the length of what follows',
    number: 'the code, {code}, as a 16-bit number',
    reason: 'the reason, UTF-8: {reason}',
  },
}
