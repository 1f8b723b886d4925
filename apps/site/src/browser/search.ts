// The search of every page. The index is loaded when somebody begins to search, and never before.
import MiniSearch from 'minisearch'
import { type Entry, find, searchOptions } from '../search/options.ts'
import { element, fillIn } from './elements.ts'

const { root = '', language = 'en' } = document.body.dataset
const form = document.querySelector<HTMLFormElement>('form.search')
const input = form?.querySelector<HTMLInputElement>('input')

const maxResults = 12

let loading: Promise<MiniSearch<Entry>> | undefined

function load(): Promise<MiniSearch<Entry>> {
  loading ??= fetch(`${root}assets/search-${language}.json`)
    .then((response) => response.text())
    .then((text) => MiniSearch.loadJSON<Entry>(text, searchOptions))
  return loading
}

/** Shows what was found below the field, as links that the arrow keys reach. */
async function show(field: HTMLInputElement, results: HTMLElement): Promise<void> {
  const query = field.value.trim()
  if (!query) return results.replaceChildren()
  const index = await load()
  // The field may say something else by now.
  if (field.value.trim() !== query) return
  const found = find(index, query).slice(0, maxResults)
  results.replaceChildren(
    ...found.map(({ id, title, description }) => {
      const item = element('li')
      const link = element('a', {}, title)
      link.href = root + id
      item.append(link, element('span', {}, description))
      return item
    }),
  )
  if (found.length === 0) results.append(element('li', {}, fillIn(field.dataset.nothing ?? '', { query })))
  results.dataset.query = query
}

if (form && input) {
  const field = input
  const results = element('ol')
  results.className = 'results'
  results.setAttribute('aria-live', 'polite')
  form.append(results)
  const links = () => [...results.querySelectorAll('a')]
  field.addEventListener('focus', () => void load(), { once: true })
  field.addEventListener('input', () => void show(field, results))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void show(field, results).then(() => links()[0]?.focus())
  })
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      field.value = ''
      results.replaceChildren()
      field.focus()
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const all: HTMLElement[] = [field, ...links()]
    const at = all.indexOf(document.activeElement as HTMLElement)
    all[(at + step + all.length) % all.length]?.focus()
  })
  // The common key for a search, unless somebody writes something.
  document.addEventListener('keydown', (event) => {
    if (
      event.key !== '/' ||
      event.target instanceof HTMLInputElement ||
      event.target instanceof HTMLTextAreaElement
    )
      return
    event.preventDefault()
    field.focus()
  })
}
