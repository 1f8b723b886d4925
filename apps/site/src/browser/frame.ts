// The page that decodes: it gives bytes to a worker and shows what that found.
import { type Language, type LanguageTag, loadLanguage } from '@holdfast/close-codes/languages'
import { maxFile, maxText } from '../frame/limits.ts'
import type { Result } from '../frame/result.ts'
import type { FrameText } from '../text/frame/frame-text.ts'
import { fillIn } from './elements.ts'
import { showResult } from './frame/result.ts'
import type { Question } from './frame-worker.ts'
import { type Work, Workers } from './workers.ts'

/** A capture of the largest size that is allowed is read in a third of this. */
const timeLimitMs = 15_000

const form = document.querySelector<HTMLFormElement>('#frame')
if (form) start(form)

function start(form: HTMLFormElement): void {
  const words = JSON.parse(form.dataset.words!) as FrameText
  const area = form.querySelector('textarea')!
  const field = form.querySelector<HTMLInputElement>('[type=file]')!
  const summary = document.querySelector('#summary')!
  const result = document.querySelector('#result')!
  const url = new URL('frame-worker.js', import.meta.url)
  const workers = new Workers<Question, Result>(url, timeLimitMs)
  // Loaded with the page, so that nothing has to be when the network is gone.
  const language = loadLanguage(document.body.dataset.language as LanguageTag)
  let running: Work<Result> | undefined

  const say = (sentence: string) => {
    running?.stop()
    running = undefined
    result.replaceChildren()
    summary.textContent = sentence
  }
  const ask = async (question: Question) => {
    say(words.reading)
    const begin = performance.now()
    const work = workers.ask(question)
    running = work
    const answer = await work.answer
    // Something else may be read by now.
    if (running !== work) return
    running = undefined
    if (answer) show(answer, await language)
    else if (performance.now() - begin < timeLimitMs) say(words.failed)
    else say(fillIn(words.tookTooLong, { seconds: timeLimitMs / 1000 }))
  }
  const show = (answer: Result, table: Language) => {
    const shown = showResult(answer, { words, table, codes: form.dataset.codes! })
    summary.textContent = shown.summary
    result.replaceChildren(...shown.nodes)
  }
  const readArea = () => {
    if (area.value.trim() === '') say('')
    else if (area.value.length > maxText) say(fillIn(words.tooLarge, { limit: maxText / 1024 / 1024 }))
    else void ask({ text: area.value })
  }
  const readFile = (file: File | undefined) => {
    if (!file) return
    if (file.size > maxFile) say(fillIn(words.tooLarge, { limit: maxFile / 1024 / 1024 }))
    else void ask({ file })
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    readArea()
  })
  // What was pasted is in the field when this has been handled.
  area.addEventListener('paste', () => setTimeout(readArea))
  form.querySelector<HTMLButtonElement>('[name=example]')!.addEventListener('click', () => {
    area.value = form.dataset.example!
    readArea()
  })
  field.addEventListener('change', () => readFile(field.files?.[0]))
  acceptDrops(readFile)
}

/** Files may be dropped anywhere on the page: a browser would leave it for one that misses a small target. */
function acceptDrops(take: (file: File | undefined) => void): void {
  const carriesFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') === true
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    document.body.classList.add('dropping')
  })
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) document.body.classList.remove('dropping')
  })
  document.addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    document.body.classList.remove('dropping')
    take(event.dataTransfer?.files[0])
  })
}
