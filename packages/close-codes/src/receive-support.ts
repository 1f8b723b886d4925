import { code } from './code.ts'
import { rangeOf } from './ranges.ts'
import { type Receipt, type ReceiveSupport, receiveSupport } from './receive-support-rows.ts'

export { type Receipt, type ReceiveSupport, receiveSupport }

/** How many of the implementations refuse a code on receipt, of how many. */
export function refusals(n: number): { refusing: number; of: number } {
  const refusing = receiveSupport.filter((row) => receiptOf(row, n) === 'rejects').length
  return { refusing, of: receiveSupport.length }
}

/** What each implementation does with a code on receipt; empty for the codes of RFC 6455 that all take. */
export function receiptsOf(n: number): { row: ReceiveSupport; receipt: Receipt }[] {
  if (!columnOf(n) && refusals(n).refusing === 0) return []
  return receiveSupport.map((row) => ({ row, receipt: receiptOf(row, n) }))
}

function receiptOf(row: ReceiveSupport, n: number): Receipt {
  const column = columnOf(n)
  if (column) return row[column]
  return row.refusesToo?.includes(n) ? 'rejects' : 'accepts'
}

function columnOf(n: number) {
  if (n === code.serviceRestart) return 'serviceRestart'
  if (n === code.tryAgainLater) return 'tryAgainLater'
  if (n === code.badGateway) return 'badGateway'
  return rangeOf(n)?.id === 'registered' ? 'registered' : undefined
}
