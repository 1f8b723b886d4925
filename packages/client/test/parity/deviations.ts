// Where a native WebSocket does not do what WHATWG says, and ours, on top of it, does. The test sees each of these
// happen, so a deviation that was fixed falls out of the list. What only the connection can see is inherited.

export interface Deviation {
  readonly runtime: RegExp
  readonly cases: RegExp
  readonly why: string
  /** Ours does not do it either. */
  readonly inherited?: true
}

const noHandshake = /^(refused|reset during|HTTP|not HTTP|no answer|close\(\) while CONNECTING)/
const handshakeFails = new RegExp(`${noHandshake.source}|^(a wrong accept|a subprotocol that was never)`)

export const deviations: readonly Deviation[] = [
  {
    runtime: /^Node 2[02] global/,
    cases: handshakeFails,
    why: 'no `close` event at all after a handshake that failed, and readyState is still CONNECTING in `error`',
  },
  {
    runtime: /^Node 2[02] global/,
    cases: /not UTF-8|masked/,
    why: '`error` while readyState is still OPEN; WHATWG sets CLOSED first',
  },
  {
    runtime: /^ws/,
    cases: new RegExp(`${handshakeFails.source}|not UTF-8|masked`),
    why: '`error` while readyState is CLOSING; WHATWG sets CLOSED first',
  },
  {
    runtime: /^(undici|Node (?!2[02]))/,
    cases: /^close\(\) while CONNECTING/,
    why: '`error` and `close` are dispatched within close(); WHATWG queues a task. Later sends are not counted',
  },
  {
    runtime: /^(undici|Node)/,
    cases: /^close\(\) while OPEN/,
    why: 'bufferedAmount does not grow by what is sent while CLOSING or CLOSED',
  },
  {
    runtime: /^ws/,
    cases: /^close\(\) and a message that crosses it/,
    why: '`message` is dispatched while CLOSING; WHATWG: "If ready state is not OPEN (1), then return."',
  },
  {
    runtime: /^ws/,
    cases: /^close\(\) with wrong arguments/,
    why: 'a TypeError for close(999), and close(1001) is carried out: a server may send it, a page may not',
  },
  {
    runtime: /^Deno/,
    cases: new RegExp(`${noHandshake.source}|^terminated|^reset|not UTF-8`),
    why: 'close code 0 in place of 1006',
  },
  {
    runtime: /^Deno/,
    cases: /^(a wrong accept key|a subprotocol that was never offered|a masked frame)/,
    why: 'goes on as if it were right',
    inherited: true,
  },
  {
    runtime: /^Deno/,
    cases: /^close\(\) while OPEN/,
    why: 'bufferedAmount does not grow by what is sent while CLOSING or CLOSED',
  },
  {
    runtime: /^Deno/,
    cases: /^close\(\) and a message that crosses it/,
    why: '`message` is dispatched while CLOSING; WHATWG: "If ready state is not OPEN (1), then return."',
  },
  { runtime: /^Bun/, cases: /^close\(\) with wrong arguments/, why: 'close(1001) is carried out' },
  {
    runtime: /^(ws|Bun)/,
    cases: /^messages of both kinds/,
    why: 'binaryType is "nodebuffer" at first; WHATWG: "blob"',
  },
]
