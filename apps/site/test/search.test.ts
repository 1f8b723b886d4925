import MiniSearch from 'minisearch'
import { describe, expect, it } from 'vitest'
import { searchIndex } from '../src/search/index.ts'
import { type Entry, find, searchOptions } from '../src/search/options.ts'
import { tokensOf } from '../src/search/tokens.ts'
import { pages } from '../src/site.ts'

const all = pages()

function search(tag: string, query: string): string[] {
  const index = searchIndex(all.filter(({ words }) => words.tag === tag))
  const loaded = MiniSearch.loadJSON<Entry>(JSON.stringify(index), searchOptions)
  return find(loaded, query).map(({ id }) => String(id))
}

describe('the tokens of a text', () => {
  it('are words without case and accents, and numbers', () => {
    expect(tokensOf('Redémarrage du service: 1012 (RFC 6455)')).toEqual([
      'redemarrage',
      'du',
      'service',
      '1012',
      'rfc',
      '6455',
    ])
  })

  it('are pairs of neighbours where a script has no spaces, apart from what stands beside it', () => {
    expect(tokensOf('再起動')).toEqual(['再起', '起動'])
    expect(tokensOf('サーバー')).toEqual(['サー', 'ーバ', 'バー'])
    expect(tokensOf('nginxを再起動')).toEqual(['nginx', 'を再', '再起', '起動'])
    expect(tokensOf('1006とは')).toEqual(['1006', 'とは'])
    expect(tokensOf('码')).toEqual(['码'])
  })
})

describe('the search', () => {
  it.each([
    ['en', '1006', 'en/1006/'],
    ['en', '1012 1014', 'en/1012-vs-1014/'],
    ['en', 'going away', 'en/1001/'],
    ['en', 'GOING_AWAY', 'en/1001/'],
    ['fr', 'redémarrage', 'fr/1012/'],
    ['de', 'Neustart', 'de/1012/'],
    ['ja', '再起動', 'ja/1012/'],
    ['zh', '重启', 'zh/1012/'],
    ['es', 'reinicio', 'es/1012/'],
    ['pt', 'reinício', 'pt/1012/'],
  ])('in %s finds for %s among the first two %s', (tag, query, path) => {
    expect(search(tag, query).slice(0, 2)).toContain(path)
  })

  it('finds a word that was begun or misspelt', () => {
    expect(search('en', 'restar')).toContain('en/1012/')
    expect(search('en', 'resstart')).toContain('en/1012/')
  })

  it('finds nothing for nothing', () => {
    expect(search('en', 'qwertyuiop')).toEqual([])
  })
})
