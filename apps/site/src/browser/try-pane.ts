// One WebSocket of the page that plays with the demo, and all that it sees.
import type { TryText } from '../text/try/try-text.ts'
import { element, fillIn } from './elements.ts'

/** What the table says about a close code. */
export interface CodeWords {
  readonly name: string
  readonly meaning: string
  readonly page: string
}

/** Milliseconds after which a closed one comes back, when it is to. */
const comeBackAfterMs = 1000
/** Entries of the log; the oldest go. */
const maxEntries = 200

export class Pane {
  readonly #root: HTMLElement
  readonly #url: () => string
  readonly #words: TryText
  readonly #codes: Readonly<Record<string, CodeWords>>
  readonly #closed: () => void
  readonly #automatic: HTMLInputElement
  #socket: WebSocket | undefined
  #timer: number | undefined
  #messages = 0

  /** `closed` is called after each close that the page did not ask for. */
  constructor(
    root: HTMLElement,
    url: () => string,
    words: TryText,
    codes: Readonly<Record<string, CodeWords>>,
    closed: () => void,
  ) {
    this.#root = root
    this.#url = url
    this.#words = words
    this.#codes = codes
    this.#closed = closed
    this.#automatic = root.querySelector('[type=checkbox]')!
    root.querySelector('[name=connect]')!.addEventListener('click', () => this.connect())
    root.querySelector('[name=send]')!.addEventListener('click', () => this.#send())
    this.#automatic.addEventListener('change', () => {
      clearTimeout(this.#timer)
      if (this.#automatic.checked && this.#socket?.readyState === WebSocket.CLOSED) this.#comeBack()
    })
  }

  /** Connects anew; what there was is closed, and says nothing any more. */
  connect(): void {
    clearTimeout(this.#timer)
    const before = this.#socket
    const url = this.#url()
    this.#part('.address').textContent = url
    this.#say('connecting')
    const socket = new WebSocket(url)
    this.#socket = socket
    before?.close()
    const mine = (then: () => void) => () => this.#socket === socket && then()
    socket.onopen = mine(() => {
      this.#say('open')
      this.#log('open')
    })
    socket.onerror = mine(() => this.#log('error'))
    socket.onmessage = (event) => mine(() => this.#log('message', String(event.data)))()
    socket.onclose = (event) => mine(() => this.#onClose(event))()
  }

  /** Writes what was done into the log, between what was seen. */
  note(text: string): void {
    this.#entry(element('strong', {}, text))
  }

  #send(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#messages += 1
    const text = `hello ${this.#messages}`
    this.#socket.send(text)
    this.#entry(element('span', { className: 'soft' }, fillIn(this.#words.sent, { text })))
  }

  #onClose({ code, reason, wasClean }: CloseEvent): void {
    this.#say('closed')
    this.#log('close', `${code}${reason && ` ${reason}`}`)
    const number = this.#part('.number')
    number.textContent = String(code)
    number.classList.toggle('unannounced', !wasClean)
    this.#part('.about').replaceChildren(...this.#explained(code, reason, wasClean))
    if (this.#automatic.checked) this.#comeBack()
    this.#closed()
  }

  #comeBack(): void {
    this.#timer = setTimeout(() => this.connect(), comeBackAfterMs)
  }

  #explained(code: number, reason: string, wasClean: boolean): Node[] {
    const words = this.#words
    const known = this.#codes[code]
    const said = element('p', {}, `${words.reason}: `)
    said.append(reason ? element('code', {}, reason) : words.noReason)
    const how = element('p', { className: 'soft' })
    how.append(...marked(wasClean ? words.clean : words.notClean))
    if (!known) return [said, how]
    const meaning = element('p')
    meaning.append(
      element('a', { href: known.page }, `${code} ${known.name}`),
      ': ',
      ...marked(known.meaning),
    )
    return [meaning, said, how]
  }

  #say(state: keyof TryText['connections']): void {
    this.#part('.link-state').textContent = this.#words.connections[state]
  }

  /** An event of the WebSocket, and what it brought. */
  #log(event: 'open' | 'message' | 'error' | 'close', detail = ''): void {
    this.#entry(element('code', { className: `event ${event}` }, event), detail)
  }

  #entry(...content: (Node | string)[]): void {
    const box = this.#part('.log')
    const list = box.querySelector('ol')!
    const entry = element('li')
    const at = (performance.now() / 1000).toFixed(2)
    entry.append(element('span', { className: 'at' }, `${at} s`), ' ')
    for (const part of content) entry.append(part, ' ')
    list.append(entry)
    while (list.children.length > maxEntries) list.firstElementChild!.remove()
    box.scrollTop = box.scrollHeight
  }

  #part(selector: string): HTMLElement {
    return this.#root.querySelector<HTMLElement>(selector)!
  }
}

/** A text with code between backticks. */
function marked(text: string): (Node | string)[] {
  return text.split('`').map((part, i) => (i % 2 === 1 ? element('code', {}, part) : part))
}
