import { readdirSync } from 'node:fs'
import { closeCodes } from '@holdfast/close-codes'
import { receiptsInWords, sourcesOf } from '@holdfast/close-codes/explain'
import { clientReceipts, clientReturns, proxies, serverStops } from '@holdfast/close-codes/measured'
import { privateCodes } from '@holdfast/close-codes/private-codes'
import { describe, expect, it } from 'vitest'
import { files } from '../src/files.ts'
import { pictures } from '../src/guide/guide-pages.ts'
import { repository } from '../src/repository.ts'
import { pages } from '../src/site.ts'
import { allWords } from '../src/text/all.ts'

const all = pages()
const written = new Map(files({ url: 'https://docs.example.com/' }))
const documents = [...written].filter(([path]) => path.endsWith('.html'))
/** What the build puts beside the pages. */
const scripts = readdirSync(new URL('../src/browser', import.meta.url))
const assets = [
  'site.css',
  'icon.svg',
  ...scripts.map((name) => name.replace(/\.ts$/, '.js')),
  ...pictures(repository).map((picture) => picture.slice('docs/'.length)),
].map((name) => `assets/${name}`)

/** Text between tags, a piece for each element. */
const texts = (markup: string) =>
  markup
    .replace(/<(script|code|pre)\b[\s\S]*?<\/\1>/g, '')
    .split(/<[^>]+>/)
    .map((text) => text.trim())
    .filter(Boolean)

describe('the site', () => {
  it('has every code and every pair in every language', () => {
    const pairs = (closeCodes.length * (closeCodes.length - 1)) / 2
    for (const { tag } of allWords) {
      const mine = all.filter(({ path }) => path.startsWith(`${tag}/`)).map(({ path }) => path)
      expect(mine.filter((path) => /^\w+\/\d+\/$/.test(path))).toHaveLength(closeCodes.length)
      expect(mine.filter((path) => /^\w+\/\d+-vs-\d+\/$/.test(path))).toHaveLength(pairs)
    }
  })

  it('gives each page an address of its own', () => {
    expect(new Set(all.map(({ path }) => path)).size).toBe(all.length)
  })

  it('has no link, anchor, script or style that leads nowhere', () => {
    const broken: string[] = []
    for (const [path, markup] of documents) {
      for (const [, target] of markup.matchAll(/ (?:href|src)="([^"]*)"/g)) {
        if (/^(https?:|data:|mailto:)/.test(target!)) continue
        const { pathname, hash } = new URL(target!.replaceAll('&amp;', '&'), `http://site/${path}`)
        const file = `${pathname}${pathname.endsWith('/') ? 'index.html' : ''}`.slice(1)
        const found = written.get(decodeURIComponent(file))
        if (found === undefined && !assets.includes(file)) broken.push(`${path}: ${target}`)
        else if (hash && !found?.includes(` id="${decodeURIComponent(hash.slice(1))}"`))
          broken.push(`${path}: no ${hash} in ${file}`)
      }
    }
    expect(broken).toEqual([])
  })

  it('loads nothing from another host', () => {
    const loaded = documents.flatMap(([path, markup]) =>
      [...markup.matchAll(/<(?:script|link|img|iframe)\b[^>]*? (?:src|href)="(https?:[^"]*)"[^>]*>/g)]
        .filter(([tag]) => !/rel="(canonical|alternate)"/.test(tag))
        .map(([tag]) => `${path}: ${tag}`),
    )
    expect(loaded).toEqual([])
  })

  it('keeps a page about codes within 30 KB', () => {
    const reference = documents.filter(([path]) => /^\w+\/\d+(-vs-\d+)?\//.test(path))
    expect(reference.length).toBeGreaterThan(1000)
    const large = reference.filter(([, markup]) => Buffer.byteLength(markup) > 30_000).map(([path]) => path)
    expect(large).toEqual([])
  })

  it('names its other languages, itself among them, and each of these names it', () => {
    for (const { path, translations, words } of all) {
      if (!translations) continue
      expect(translations[words.tag]).toBe(path)
      for (const other of Object.values(translations)) {
        const there = all.find((page) => page.path === other)
        expect(there?.translations, `${path} → ${other}`).toEqual(translations)
      }
    }
  })

  it('has about forty pairs for search engines, and keeps the rest out', () => {
    const pairs = all.filter(({ path }) => /^en\/\d+-vs-\d+\/$/.test(path))
    const indexed = pairs.filter(({ indexed }) => indexed !== false)
    expect(indexed.length).toBeGreaterThanOrEqual(35)
    expect(indexed.length).toBeLessThanOrEqual(50)
    for (const { path, indexed: listed } of pairs) {
      const robots = written.get(`${path}index.html`)!.includes('<meta name="robots" content="noindex')
      expect(robots).toBe(listed === false)
      expect(written.get('sitemap.xml')!.includes(`<loc>https://docs.example.com/${path}</loc>`)).toBe(
        !robots,
      )
    }
  })

  it('has structured data that is JSON, and JSON beside each page of a code or a pair', () => {
    for (const [path, markup] of documents) {
      for (const [, json] of markup.matchAll(/<script type="application\/ld\+json">(.*?)<\/script>/g))
        expect(JSON.parse(json!)['@context'], path).toBe('https://schema.org')
    }
    const data = JSON.parse(written.get('fr/1012-vs-1014/index.json')!)
    expect(data).toMatchObject({
      language: 'fr',
      codes: [1012, 1014],
      title: expect.stringContaining('1014'),
    })
    expect(JSON.parse(written.get('de/1006/index.json')!)).toMatchObject({ code: 1006, language: 'de' })
  })

  it('says nothing in English where it says it in the language of the reader', () => {
    const english = new Set(
      documents.filter(([path]) => path.startsWith('en/')).flatMap(([, markup]) => texts(markup)),
    )
    const sentences = new Set([...english].filter((text) => /[a-z]{3,}.* .* .*[a-z]/.test(text)))
    expect(sentences.size).toBeGreaterThan(1000)
    for (const { tag } of allWords) {
      if (tag === 'en') continue
      const found = new Map<string, string>()
      for (const [path, markup] of documents) {
        if (!path.startsWith(`${tag}/`)) continue
        for (const text of texts(markup)) if (sentences.has(text) && !isNames(text)) found.set(text, path)
      }
      expect([...found], tag).toEqual([])
    }
  })
})

/** What is the same in every language: registered names, numbers, titles of documents elsewhere. */
function isNames(text: string): boolean {
  if (titles.has(text)) return true
  const rest = names.reduce((left, name) => left.replaceAll(name, ''), text.replace('Holdfast', ''))
  return !/\p{L}/u.test(rest)
}
const names = [
  ...closeCodes.map(({ name }) => name),
  ...closeCodes
    .flatMap(({ code }) => receiptsInWords(code, allWords[0]!.table))
    .map(({ implementation }) => implementation),
  ...privateCodes.map(({ ecosystem }) => ecosystem),
  ...serverStops.map(({ version }) => version),
  ...proxies.map(({ proxy }) => proxy),
  ...clientReturns.map(({ client }) => client),
  ...clientReceipts.map(({ client }) => client),
].sort((a, b) => b.length - a.length)
const titles = new Set(
  closeCodes.flatMap((row) => [row.reference, ...sourcesOf(row)]).map(({ title }) => title),
)
