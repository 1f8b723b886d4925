// The page that diagnoses: it gives the text to a worker and shows what that found, each finding below its line.
import type { DiagnoseText } from '../text/diagnose.ts'
import type { Answer, Question, Told } from './diagnose-worker.ts'
import { element, fillIn } from './elements.ts'

/** More is no configuration. */
const mostBytes = 1024 * 1024
/** A configuration of that size is read in a tenth of this. */
const timeLimitMs = 10_000

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
  const summary = document.querySelector('#summary')!
  const result = document.querySelector('#result')!
  let running: { end(): void } | undefined

  const run = () => {
    running?.end()
    result.replaceChildren()
    const text = area.value
    if (text.trim() === '') {
      summary.textContent = ''
      return
    }
    if (new Blob([text]).size > mostBytes) {
      summary.textContent = words.tooLarge
      return
    }
    summary.textContent = words.reading
    running = ask({ text, kind: form.kind.value }, (answer) => {
      if (!answer) {
        summary.textContent = words.tooSlow
        return
      }
      summary.textContent = summaryOf(answer, words)
      result.replaceChildren(...shown(text, answer, words, findingsPage))
    })
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    run()
  })
  // What was pasted is in the field when this has been handled.
  area.addEventListener('paste', () => setTimeout(run))
  form.querySelector('select')!.addEventListener('change', run)
  form.querySelector<HTMLButtonElement>('[name=example]')!.addEventListener('click', () => {
    area.value = example
    run()
  })
  form.querySelector<HTMLInputElement>('[type=file]')!.addEventListener('change', async (event) => {
    const file = (event.target as HTMLInputElement).files?.[0]
    if (!file) return
    if (file.size > mostBytes) {
      summary.textContent = words.tooLarge
      return
    }
    area.value = await file.text()
    run()
  })
}

/** Asks a worker of its own, which ends with its answer, or without one when its time is over. */
function ask(question: Question, then: (answer: Answer | undefined) => void): { end(): void } {
  const worker = new Worker(new URL('diagnose-worker.js', import.meta.url), { type: 'module' })
  const settle = (answer?: Answer) => {
    end()
    then(answer)
  }
  const end = () => {
    clearTimeout(timer)
    worker.terminate()
  }
  const timer = setTimeout(settle, timeLimitMs)
  worker.onmessage = ({ data }: MessageEvent<Answer>) => settle(data)
  worker.onerror = () => settle()
  worker.postMessage(question)
  return { end }
}

function summaryOf({ findings, kinds }: Answer, words: DiagnoseText): string {
  const about = { count: findings.length, kinds: kinds.join(', ') || '?' }
  return fillIn(findings.length > 0 ? words.found : words.nothingFound, about)
}

/** The text with its findings, and what was not read. */
function shown(text: string, answer: Answer, words: DiagnoseText, findingsPage: string): Node[] {
  const { findings, problems, unread } = answer
  const listing = element('ol', { className: 'listing' })
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n')
  const marked = new Set(findings.map(({ line }) => line))
  for (const [i, line] of lines.entries()) {
    const item = element('li', { className: marked.has(i + 1) ? 'marked' : '' })
    item.append(element('code', {}, line || ' '))
    for (const finding of findings.filter((one) => one.line === i + 1))
      item.append(findingBox(finding, words, findingsPage))
    listing.append(item)
  }
  return [
    ...(findings.length > 0 ? [listing] : []),
    ...notes(words.problems, problems, words),
    ...notes(words.unread, unread, words),
  ]
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
