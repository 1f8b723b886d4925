// The colour of a close code in the chart; the values for light and dark are in style/base.css.
import { code } from '@holdfast/close-codes'

/** Codes that mean a fault are warm, those of an ordinary end are cool. */
const known: Record<number, string> = {
  [code.normalClosure]: 'blue',
  [code.goingAway]: 'teal',
  [code.noStatusReceived]: 'slate',
  [code.abnormalClosure]: 'wine',
  [code.policyViolation]: 'plum',
  [code.internalError]: 'brick',
  [code.serviceRestart]: 'amber',
  [code.tryAgainLater]: 'sand',
  [code.badGateway]: 'red',
}

const others = ['violet', 'green', 'pink', 'cyan', 'olive']

export const colorOf = (n: number): string => known[n] ?? others[n % others.length]!

/** As CSS knows it now. */
export function resolved(name: string, element: Element): string {
  return getComputedStyle(element).getPropertyValue(`--${name}`).trim()
}
