/** The most bytes of UTF-8 that a reason may have: 125 of a control frame (RFC 6455 5.5) less 2 for the code. */
export const maxReasonBytes = 123

/** The longest `retry=` in milliseconds, one day. A longer one is taken for a mistake. */
export const maxRetry = 86_400_000

/** A reason taken apart: the words, and what its sender tells a program behind them. */
export interface Reason {
  /** The words for people, without the suffixes; '' without any. */
  text: string
  /**
   * Milliseconds after which the sender wants the client back, 0 to {@link maxRetry}. Absent when it does not say.
   */
  retry?: number | undefined
  /**
   * 0: a gateway has handed on none of the client's messages, so that all of them can be sent again and none arrives
   * twice. Absent when it does not say.
   */
  sent?: 0 | undefined
}

const suffixes = /^(.*?)(?:(?:^|; )sent=(0))?(?:(?:^|; )retry=(\d{1,8}))?$/s

// A cut can end just behind something that reads like a suffix; nobody meant that.
const accidental = /(?:^|; )(?:retry|sent)=\d+$/

/**
 * Builds the reason of a Close frame that always fits: at most {@link maxReasonBytes} bytes of UTF-8, the text
 * cut between two characters where it is too long, and `; sent=<messages>` and `; retry=<milliseconds>` behind it kept
 * whole, in this order.
 *
 * Never throws. Half a surrogate pair becomes U+FFFD. `retry` is rounded up and held between 0 and
 * {@link maxRetry}; NaN counts as not given. A suffix that the text already has is kept, or replaced by what is given.
 * Empty text with a retry gives `retry=<milliseconds>` alone.
 */
export function buildReason(text: string, options: { retry?: number | undefined; sent?: 0 } = {}): string {
  const given = parseReason(text)
  const retry = wholeRetry(options.retry) ?? given.retry
  const sent = options.sent ?? given.sent
  const tail = [sent === undefined ? [] : `sent=${sent}`, retry === undefined ? [] : `retry=${retry}`]
    .flat()
    .join('; ')
  if (tail === '') return cut(given.text, maxReasonBytes)
  const words = cut(given.text, maxReasonBytes - tail.length - 2)
  return words === '' ? tail : `${words}; ${tail}`
}

/**
 * Takes the reason of a Close apart. Never throws, whatever a peer sent. Only well-formed suffixes at the very
 * end count, `sent=` before `retry=`: decimal digits, a `retry=` of at most {@link maxRetry}; anything else stays in
 * the text, where a person sees it. Of several the last counts.
 */
export function parseReason(reason: string): Reason {
  const [, text = '', sent, retry] = suffixes.exec(reason)!
  if (Number(retry) > maxRetry) return { text: reason }
  return { text, sent: sent ? 0 : undefined, retry: retry ? Number(retry) : undefined }
}

function wholeRetry(retry: number | undefined): number | undefined {
  if (retry === undefined || Number.isNaN(retry)) return undefined
  return Math.min(maxRetry, Math.max(0, Math.ceil(retry)))
}

// Not by encodeInto, which from Node 25.4 on leaves room that a character still fits into (nodejs/node#65994).
function cut(text: string, room: number): string {
  const bytes = new TextEncoder().encode(text)
  let end = Math.min(room, bytes.length)
  while (continues(bytes[end])) end--
  const kept = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, end))
  return end < bytes.length ? withoutAccidents(kept) : kept
}

/** Whether the byte is inside a character of UTF-8 (RFC 3629 3), not its first. */
function continues(byte = 0): boolean {
  return (byte & 0xc0) === 0x80
}

function withoutAccidents(text: string): string {
  let left = text
  while (accidental.test(left)) left = left.replace(accidental, '')
  return left
}
