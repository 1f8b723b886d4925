import type { Newcomer } from '../measured/server-stops.ts'

/** The words around the measured tables: headings, and words for what is data in them. `{name}` is filled in. */
export interface MeasuredText {
  readonly title: string
  readonly description: string
  readonly intro: string
  /** `{date}` */
  readonly measured: string
  readonly servers: string
  readonly serversIntro: string
  readonly proxies: string
  readonly proxiesIntro: string
  readonly clients: string
  readonly clientsIntro: string
  readonly receipts: string
  readonly receiptsIntro: string
  /** Heads the list of servers whose clients see a code. */
  readonly saidBy: string
  /** `{command}` shows the whole table. */
  readonly tableHint: string
  /** `{input}` is in no row; the `{nearest}` that is; `{command}` lists all. */
  readonly unknownName: string
  readonly remarks: string
  /** `{count}` of `{of}` ways of stopping a server end with `{code}`. */
  readonly howMany: string
  /** None of `{of}` ways of stopping a server ends with `{code}`. */
  readonly nobody: string
  readonly columns: {
    readonly server: string
    readonly how: string
    readonly clientSees: string
    readonly after: string
    readonly newcomers: string
    readonly exits: string
    readonly silentClient: string
    readonly proxy: string
    readonly refused: string
    readonly silent: string
    readonly reset: string
    readonly idle: string
    readonly terminated: string
    readonly graceful: string
    readonly reload: string
    readonly handshake: string
    readonly interim: string
    readonly client: string
    readonly loop: string
  }
  readonly seen: Record<'end' | 'reset' | 'nothing', string>
  readonly newcomer: Record<Newcomer, string>
  readonly stays: string
  readonly never: string
  /** A silent client is cut after `{cut}` and the process ends after `{exit}`. */
  readonly cut: string
  readonly exit: string
  /** HTTP `{status}` inside the open WebSocket. */
  readonly inside: string
  readonly kept: string
  readonly silence: string
  readonly notTried: string
  /** What `{attempts}`, milliseconds one after the other, are. */
  readonly attempts: string
  readonly staysAway: string
  /** 101 from a proxy, and then nothing. */
  readonly opened: string
  /** What becomes of a 103 that comes before the 101. */
  readonly interim: Record<'both' | 'swallowed' | 'stuck', string>
  /** `{count}` processes outlive the one that was stopped. */
  readonly orphans: string
  /** What a client reports: the code as sent; `{code}` with an error; and what it answers, `{answer}`. */
  readonly asSent: string
  readonly withError: string
  readonly answered: string
  readonly errorOnly: string
  readonly endOfFile: string
  readonly noCode: string
  readonly hangs: string
  readonly unknown: string
  /** What is sent that is no code. */
  readonly sent: Record<'empty' | 'one' | 'badutf8' | 'r124' | 'fin', string>
}
