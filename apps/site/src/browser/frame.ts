// The page that decodes: it gives bytes to a worker and shows what that found.
import { type Language, type LanguageTag, loadLanguage } from '@holdfast/close-codes/languages'
import { maxFile, maxText } from '../frame/limits.ts'
import type { Result } from '../frame/result.ts'
import type { FrameText } from '../text/frame/frame-text.ts'
import { fillIn } from './elements.ts'
import { showResult } from './frame/result.ts'
import type { Question } from './frame-worker.ts'

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
  const reader = new Reader()
  // Loaded with the page, so that nothing has to be when the network is gone.
  const language = loadLanguage(document.body.dataset.language as LanguageTag)

  const say = (sentence: string) => {
    result.replaceChildren()
    summary.textContent = sentence
  }
  const ask = (question: Question) => {
    say(words.reading)
    reader.ask(question, async (answer) => {
      if (answer === 'late') say(fillIn(words.tookTooLong, { seconds: timeLimitMs / 1000 }))
      else if (answer === 'failed') say(words.failed)
      else show(answer, await language)
    })
  }
  const show = (answer: Result, table: Language) => {
    const shown = showResult(answer, { words, table, codes: form.dataset.codes! })
    summary.textContent = shown.summary
    result.replaceChildren(...shown.nodes)
  }
  const readArea = () => {
    if (area.value.trim() === '') say('')
    else if (area.value.length > maxText) say(fillIn(words.tooLarge, { limit: maxText / 1024 / 1024 }))
    else ask({ text: area.value })
  }
  const readFile = (file: File | undefined) => {
    if (!file) return
    if (file.size > maxFile) say(fillIn(words.tooLarge, { limit: maxFile / 1024 / 1024 }))
    else ask({ file })
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

type Answer = Result | 'late' | 'failed'

/** A worker that waits for a question. One that is late is ended, and another one waits in its place. */
class Reader {
  #worker = this.#start()
  #stop: (() => void) | undefined

  #start(): Worker {
    return new Worker(new URL('frame-worker.js', import.meta.url), { type: 'module' })
  }

  #restart(): void {
    this.#worker.terminate()
    this.#worker = this.#start()
  }

  /** One question at a time: what runs is ended. */
  ask(question: Question, then: (answer: Answer) => void): void {
    if (this.#stop) {
      this.#stop()
      this.#restart()
    }
    const worker = this.#worker
    const settle = (answer: Answer) => {
      this.#stop?.()
      if (typeof answer === 'string') this.#restart()
      then(answer)
    }
    const timer = setTimeout(settle, timeLimitMs, 'late')
    this.#stop = () => {
      clearTimeout(timer)
      worker.onmessage = null
      worker.onerror = null
      this.#stop = undefined
    }
    worker.onmessage = ({ data }: MessageEvent<Result>) => settle(data)
    worker.onerror = () => settle('failed')
    worker.postMessage(question)
  }
}
