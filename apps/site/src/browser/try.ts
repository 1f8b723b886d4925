// The page that plays with the demo: it asks the demo to do things to its server, and shows what two WebSockets see.
import type { TryText } from '../text/try/try-text.ts'
import { fillIn } from './elements.ts'
import { type CodeWords, Pane } from './try-pane.ts'

interface Demo {
  token: string
  backend: keyof TryText['states']
  urls: Record<'direct' | 'gateway' | 'hold', string>
}

interface Answer {
  demo: Demo | null
  error?: { message: string }
}

/** Milliseconds that an answer may take: the longest is that of a restart. */
const answerWithinMs = 15_000

const form = document.querySelector<HTMLFormElement>('#try')
if (form) void start(form)

async function start(form: HTMLFormElement): Promise<void> {
  const words = JSON.parse(form.dataset.words!) as TryText
  const codes = JSON.parse(form.dataset.codes!) as Record<string, CodeWords>
  const status = form.querySelector('#status')!
  const fields = form.querySelector('fieldset')!
  const state = form.querySelector('#backend')!
  const hold = form.querySelector<HTMLInputElement>('[name=hold]')!
  const buttons = [...form.querySelectorAll<HTMLButtonElement>('[data-action]')]
  form.addEventListener('submit', (event) => event.preventDefault())

  const first = await ask().catch(() => undefined)
  if (!first?.demo) {
    status.textContent = words.notHere
    return
  }
  let demo: Demo = first.demo
  let busy = false
  const show = () => {
    state.textContent = words.states[demo.backend]
    for (const button of buttons) allow(button, demo, busy)
  }
  let asked = 0
  let shown = 0
  const take = async (answered: Promise<Answer>) => {
    asked += 1
    const number = asked
    // What was asked first can be answered last: it tells of a server that was.
    const overtaken = () => number < shown
    try {
      const { demo: latest, error } = await answered
      if (overtaken()) return
      shown = number
      if (latest) demo = latest
      status.textContent = error ? fillIn(words.refused, { why: error.message }) : words.ready
    } catch {
      if (overtaken()) return
      status.textContent = words.gone
    }
    show()
  }
  const pane = (name: string, url: () => string) =>
    new Pane(form.querySelector(`[data-pane=${name}]`)!, url, words, codes, () => {
      if (!busy) void take(ask())
    })
  const panes = [
    pane('direct', () => demo.urls.direct),
    pane('gateway', () => demo.urls[hold.checked ? 'hold' : 'gateway']),
  ]
  for (const button of buttons) {
    button.addEventListener('click', async () => {
      if (button.ariaDisabled === 'true') return
      for (const one of panes) one.note(button.textContent!)
      busy = true
      show()
      const answered = ask({ token: demo.token, action: button.dataset.action! })
      await take(answered.finally(() => (busy = false)))
    })
  }
  hold.addEventListener('change', () => {
    panes[1]!.note(hold.checked ? words.holdOn : words.holdOff)
    panes[1]!.connect()
  })
  status.textContent = words.ready
  fields.disabled = false
  show()
  for (const one of panes) one.connect()
}

/** Lets a button be used when what it does can be done now. */
function allow(button: HTMLButtonElement, { backend }: Demo, busy: boolean): void {
  const name = button.dataset.action
  // `aria-disabled` leaves the focus where it is: who works with the keyboard goes on from there.
  button.ariaDisabled = String(busy || (name !== 'drain' && (name === 'start') === (backend === 'running')))
}

/** Asks the demo for its state, or to do something first. Rejects when there is no demo any more. */
async function ask(wanted?: { token: string; action: string }): Promise<Answer> {
  const address = `${document.body.dataset.root}try.json`
  const post = wanted && {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-holdfast-demo': wanted.token },
    body: JSON.stringify({ action: wanted.action }),
  }
  const signal = AbortSignal.timeout(answerWithinMs)
  const response = await fetch(address, { ...post, cache: 'no-store', redirect: 'error', signal })
  return (await response.json()) as Answer
}
