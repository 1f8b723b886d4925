import { describe, expect, it } from 'vitest'
import { privateCodes, withoutPrivateCodes } from '../src/private-codes.ts'
import { receiveSupport } from '../src/receive-support.ts'
import { en } from '../src/text/en.ts'
import { strings, translations } from './all-languages.ts'

const english = new Map(strings(en))

/** Code in a text, by itself and without the code. */
const codeIn = (text: string) => (text.match(/`[^`]*`/g) ?? []).sort()
const withoutCode = (text: string) => text.replace(/`[^`]*`|\{\w+\}/g, '')

/** The numbers of a text, with a point for the decimals. */
function numbersIn(text: string): string[] {
  const plain = withoutCode(text).replace(/(\d),(?=\d)/g, '$1.')
  return (plain.match(/\d+(?:\.\d+)*/g) ?? []).sort()
}

const isEastAsian = (tag: string) => tag === 'ja' || tag === 'zh'

const eastAsian = /[\u3041-\u30ff\u4e00-\u9fff]/

/** Words that stand in the same letters in every language: products, protocols, names of codes. */
const names = [
  ...['Uvicorn', 'Phoenix', 'Caddy', 'Cloudflare', 'nginx', 'HAProxy', 'Holdfast', 'Bandit', 'Vert.x'],
  ...[
    'uWebSockets',
    'phoenix.js',
    'Discord',
    'graphql-ws',
    'Socket.IO',
    'Tornado',
    'SocketCluster',
    'sockette',
  ],
  ...[
    'gorilla/websocket',
    'coder/websocket',
    'tungstenite',
    'Chromium',
    'Firefox',
    'WebSocket-Node',
    'soketto',
  ],
  ...[
    'AWS API Gateway',
    'Gemini Live',
    'OpenAI Realtime',
    'Centrifuge',
    'SockJS',
    'WebSocket++',
    'Hocuspocus',
  ],
  ...[
    'Python websockets',
    'Java-WebSocket',
    'aiohttp',
    'Hypercorn',
    'Daphne',
    'FastAPI',
    'htmx',
    'undici',
    '.NET',
  ],
  ...['reconnecting-websocket', 'centrifuge-js', 'workerd', 'Autobahn', 'permessage-deflate', 'Latin-1'],
  ...['RFC 6455', 'UTF-8', 'JSON', 'TLS', 'TCP', 'DNS', 'GraphQL', 'ASGI', 'JDK', 'IANA', 'SIGTERM', 'HTTP'],
  ...['Service Overload', 'Try Again Later', 'Unauthorized', 'Timeout', 'MiB', 'MB', 'ms'],
]

const namesIn = (text: string) =>
  names.filter((name) =>
    new RegExp(`(?<![\\w-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`).test(text),
  )

/** Words of English that none of the others has. */
const englishWords =
  /(?<!\p{L})(?:the|and|with|which|when|after|from|what|this|that|its|have|must|should|does|they|who|stay|away|come|back)(?!\p{L})/iu

describe.each(translations)('the translation into $tag', (language) => {
  const texts = strings(language)
  const each = (check: (text: string, original: string, path: string) => void) => {
    for (const [path, text] of texts) {
      if (!['tag', 'name'].includes(path)) check(text, english.get(path) ?? '', path)
    }
  }

  it('has the numbers of the English text in every string, and no other codes', () => {
    each((text, original, path) => {
      const [here, there] = [numbersIn(text), numbersIn(original)]
      expect(here, path).toEqual(expect.arrayContaining(there))
      // Only a month is a number in one language and a word in another.
      const others = here.filter((number) => !there.includes(number))
      expect(
        others.filter((number) => !isEastAsian(language.tag) || Number(number) > 12),
        path,
      ).toEqual([])
    })
  })

  it('has the code of the English text in every string', () => {
    each((text, original, path) => expect(codeIn(text), path).toEqual(codeIn(original)))
  })

  it('has the names of the English text in every string', () => {
    each((text, original, path) =>
      expect(namesIn(text), path).toEqual(expect.arrayContaining(namesIn(original))),
    )
  })

  it('leaves no string of several words as it is in English', () => {
    each((text, original, path) => {
      if (/\p{Ll}+ .*\p{Ll}+ \p{Ll}+/u.test(withoutCode(original))) expect(text, path).not.toBe(original)
    })
  })

  it('leaves no English words in a sentence', () => {
    each((text, _, path) => {
      const quoted = /[„“”«»「」‹›][^„“”«»「」‹›]*[“”«»「」‹›]/g
      expect(withoutCode(text).replaceAll(quoted, ''), path).not.toMatch(englishWords)
    })
  })

  it('has no sentence that is far longer or shorter than in English', () => {
    const [least, most] = isEastAsian(language.tag) ? [0.15, 1.1] : [0.55, 1.9]
    each((text, original, path) => {
      if (original.length < 60) return
      expect(text.length / original.length, path).toBeGreaterThan(least)
      expect(text.length / original.length, path).toBeLessThan(most)
    })
  })

  it('uses its own quotation marks', () => {
    each((text, _, path) => expect(withoutCode(text), path).not.toMatch(/["]|(?<!\w)'|'(?!\w)/))
  })

  it('ends what is a sentence in English as a sentence', () => {
    const end = isEastAsian(language.tag) ? /[。：）]$/ : /[.:?]$/
    for (const [path, text] of strings(language.codes)) {
      if (english.get(`codes.${path}`)?.endsWith('.')) expect(text, path).toMatch(end)
    }
  })
})

describe('script and typography', () => {
  const of = (tag: string) => strings(translations.find((language) => language.tag === tag))

  it('puts no-break spaces before French double punctuation and inside guillemets', () => {
    for (const [path, text] of of('fr')) {
      const own = withoutCode(text).replace('Go away!', '')
      expect(own, path).not.toMatch(/ [;:!?»]|« |[^\s\u00a0\u202f][;!?»]|«[^\u00a0]/)
    }
  })

  it.each(['ja', 'zh'])('writes what is a sentence in English in the script of %s', (tag) => {
    for (const [path, text] of of(tag)) {
      const original = english.get(path) ?? ''
      if (/\p{Ll}+ \p{Ll}+ \p{Ll}+/u.test(withoutCode(original))) expect(text, path).toMatch(eastAsian)
    }
  })

  it('opens every Spanish question', () => {
    for (const [path, text] of of('es')) {
      expect(text.split('¿').length, path).toBe(withoutCode(text).replace(/^\?$/, '').split('?').length)
    }
  })

  it.each(['ja', 'zh'])('uses full-width punctuation beside the characters of %s', (tag) => {
    for (const [path, text] of of(tag)) {
      expect(text, path).not.toMatch(
        /[\u3041-\u30ff\u4e00-\u9fff][,.;:!?()]|[,;:!?()][\u3041-\u30ff\u4e00-\u9fff]/,
      )
    }
  })

  it('puts a space between Chinese characters and letters or digits, none in Japanese', () => {
    for (const [path, text] of of('zh')) {
      expect(text, path).not.toMatch(/[\u4e00-\u9fff][A-Za-z0-9`]|[A-Za-z0-9`][\u4e00-\u9fff]/)
    }
    for (const [path, text] of of('ja')) {
      expect(text, path).not.toMatch(
        /[\u3041-\u30ff\u4e00-\u9fff] [A-Za-z0-9`]|[A-Za-z0-9`] [\u3041-\u30ff\u4e00-\u9fff]/,
      )
    }
  })
})

describe('the words beside the table', () => {
  it('are about ecosystems, codes and implementations that the data has', () => {
    const ids = privateCodes.map(({ id }) => id)
    expect(Object.keys(en.ecosystems).sort()).toEqual([...ids].sort())
    for (const row of privateCodes) {
      const { codes = {} } = en.ecosystems[row.id as keyof typeof en.ecosystems] as { codes?: object }
      for (const n of Object.keys(codes))
        expect(
          row.codes.map(({ code }) => `${code}`),
          row.id,
        ).toContain(n)
    }
    expect(Object.keys(en.withoutOwnCodes)).toEqual(withoutPrivateCodes.map(({ id }) => id))
    const implementations = receiveSupport.map(({ id }) => id)
    expect(implementations).toEqual(expect.arrayContaining(Object.keys(en.supportNotes)))
    expect(new Set(implementations).size).toBe(implementations.length)
  })
})
