// The key `closeCodes` of a route.

import { closeCode, code, mayTravel, rangeOf } from '@holdfast/close-codes'
import { Wrong } from './errors.ts'
import { report, section, whole } from './fields.ts'

export const lastCode = 4999

function sendableCode(usual: number) {
  return whole(code.normalClosure, lastCode)
    .superRefine((value, ctx) => {
      const fault = codeFault(value, usual)
      if (fault) report(ctx, fault)
    })
    .default(usual)
}

function codeFault(value: number, usual: number): Wrong | undefined {
  if (rangeOf(value)?.id !== 'protocol') return undefined
  if (!mayTravel(value)) return new Wrong(`must not be ${value}, which never stands in a Close frame`)
  const known = closeCode(value)
  if (!known) {
    return new Wrong(
      `must not be ${value}, which is not assigned`,
      `write ${usual}, or one from 3000 to 4999`,
    )
  }
  if (known.sentBy.some((sender) => sender !== 'client')) return undefined
  return new Wrong(`must not be ${value} (${known.name}), which a server does not send`)
}

export const closeCodes = section({
  badGateway: sendableCode(code.badGateway).describe('Sent when no upstream can serve the client.'),
  restart: sendableCode(code.serviceRestart).describe('Sent when the gateway drains the connection.'),
  tryAgain: sendableCode(code.tryAgainLater).describe('Sent when a limit is reached or an upstream is busy.'),
})
