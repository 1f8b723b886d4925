// Lists of remarks and faults, with their code marked up.
import type { Fault } from '../../frame/result.ts'
import type { FrameText } from '../../text/frame/frame-text.ts'
import { element, fillIn } from '../elements.ts'

export function listOf(lines: readonly string[], className = 'remarks'): HTMLElement {
  const list = element('ul', { className })
  list.append(...lines.map((line) => withCode('li', line)))
  return list
}

/** An element whose text has code between backticks. */
export function withCode(name: 'li' | 'p', text: string): HTMLElement {
  const made = element(name)
  const parts = text.split('`')
  if (parts.length % 2 === 0) made.textContent = text
  else made.append(...parts.map((part, i) => (i % 2 === 1 ? element('code', {}, part) : part)))
  return made
}

export const faultList = (faults: readonly Fault[], words: FrameText) =>
  listOf(
    faults.map(({ what, n = '' }) => fillIn(words.faults[what], { n })),
    'faults',
  )
