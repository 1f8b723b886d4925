// The page that diagnoses: it gives the text to a worker and shows what that found, each finding below its line.
import type { DiagnoseText } from '../text/diagnose.ts'
import type { Answer, Question, Told } from './diagnose-worker.ts'
import { element, fillIn } from './elements.ts'
import { type Work, Workers } from './workers.ts'

/** More is no configuration. */
const maxBytes = 1024 * 1024
/** A configuration of that size is read in a tenth of this. */
const timeLimitMs = 10_000
/** Lines that are shown before and after one with a finding, and characters of a line. */
const context = 6
const maxLineLength = 500

const example = `server {
  listen 443 ssl;
  server_name chat.example.com;

  location /ws {
    proxy_pass http://127.0.0.1:3000;
  }
}
`

const form = document.querySelector<HTMLFormElement>('#diagnose')
if (form) start(form)

function start(form: HTMLFormElement): void {
  const words = JSON.parse(form.dataset.words!) as DiagnoseText
  const findingsPage = form.dataset.findings!
  const area = form.querySelector('textarea')!
  const field = form.querySelector<HTMLInputElement>('[type=file]')!
  const summary = document.querySelector('#summary')!
  const result = document.querySelector('#result')!
  const url = new URL('diagnose-worker.js', import.meta.url)
  const workers = new Workers<Question, Answer>(url, timeLimitMs)
  let running: Work<Answer> | undefined

  const say = (sentence: string) => {
    running?.stop()
    running = undefined
    result.replaceChildren()
    summary.textContent = sentence
  }
  const run = async () => {
    const text = area.value
    if (text.trim() === '') return say('')
    if (new Blob([text]).size > maxBytes) return say(words.tooLarge)
    say(words.reading)
    const work = workers.ask({ text, kind: form.kind.value })
    running = work
    const answer = await work.answer
    // Another text may be read by now.
    if (running !== work) return
    running = undefined
    summary.textContent = answer ? summaryOf(answer, words) : words.tooSlow
    if (answer) result.replaceChildren(...shown(text, answer, words, findingsPage))
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void run()
  })
  // What was pasted is in the field when this has been handled.
  area.addEventListener('paste', () => setTimeout(run))
  form.querySelector('select')!.addEventListener('change', run)
  form.querySelector<HTMLButtonElement>('[name=example]')!.addEventListener('click', () => {
    area.value = example
    void run()
  })
  field.addEventListener('change', async () => {
    const file = field.files?.[0]
    if (!file) return
    if (file.size > maxBytes) return say(words.tooLarge)
    const text = await file.text()
    // Another may have been chosen since.
    if (field.files?.[0] !== file) return
    area.value = text
    void run()
  })
}

function summaryOf({ findings, kinds }: Answer, words: DiagnoseText): string {
  const about = { count: findings.length, kinds: kinds.join(', ') || '?' }
  return fillIn(findings.length > 0 ? words.found : words.nothingFound, about)
}

/** The text with its findings, and what was not read. */
function shown(text: string, answer: Answer, words: DiagnoseText, findingsPage: string): Node[] {
  const { findings, problems, unread } = answer
  return [
    ...(findings.length > 0 ? [listingOf(text, findings, words, findingsPage)] : []),
    ...notes(words.problems, problems, words),
    ...notes(words.unread, unread, words),
  ]
}

/** The lines with findings, and those around them. */
function listingOf(text: string, findings: readonly Told[], words: DiagnoseText, findingsPage: string): Node {
  const listing = element('ol', { className: 'listing', tabIndex: 0 })
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const at = new Map<number, Told[]>()
  for (const finding of findings) at.set(finding.line, [...(at.get(finding.line) ?? []), finding])
  const near = [...at.keys()].flatMap((line) =>
    Array.from({ length: 2 * context + 1 }, (_, i) => line - context + i),
  )
  const wanted = [...new Set(near)].filter((n) => n >= 1 && n <= lines.length).sort((a, b) => a - b)
  for (const n of wanted) {
    const here = at.get(n) ?? []
    const item = element('li', { value: n, className: here.length > 0 ? 'marked' : '' })
    item.append(element('code', {}, lines[n - 1]!.slice(0, maxLineLength) || ' '))
    for (const finding of here) item.append(findingBox(finding, words, findingsPage))
    listing.append(item)
  }
  return listing
}

function findingBox(finding: Told, words: DiagnoseText, findingsPage: string): HTMLElement {
  const box = element('section', { className: `finding ${finding.level}`, lang: 'en' })
  const head = element('h3', {}, finding.title)
  head.prepend(
    element('span', { className: 'level', lang: document.documentElement.lang }, words.levels[finding.level]),
    ' ',
  )
  box.append(head, element('p', {}, finding.why))
  if (finding.fix.length > 0) {
    const lines = element('pre', { tabIndex: 0 })
    lines.append(element('code', {}, finding.fix.join('\n')))
    box.append(element('h4', { lang: document.documentElement.lang }, words.write), lines)
  }
  const more = element(
    'a',
    { href: `${findingsPage}#${finding.code}`, lang: document.documentElement.lang },
    words.more,
  )
  box.append(more)
  return box
}

function notes(heading: string, list: Answer['unread'], words: DiagnoseText): Node[] {
  if (list.length === 0) return []
  const items = element('ul', { lang: 'en' })
  for (const { line, message } of list)
    items.append(element('li', {}, `${fillIn(words.line, { line })}: ${message}`))
  return [element('h2', {}, heading), items]
}
