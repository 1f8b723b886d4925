import type { ConnectionNote, FaultKind, InputKind, ResultNote, Sender } from '../../frame/result.ts'

/** The words of the page *Frame*. `{name}` is filled in; backticks mark code. */
export interface FrameText {
  readonly title: string
  readonly description: string
  readonly intro: string
  readonly privacy: string
  readonly needsScript: string
  /** Labels of the field, of the file, and of the buttons. */
  readonly input: string
  readonly file: string
  readonly decode: string
  readonly example: string
  /** Where to get the bytes: a heading, and a line for each way. */
  readonly sources: string
  readonly sourceLines: Readonly<Record<'har' | 'netlog' | 'capture' | 'tls', string>>
  readonly reading: string
  /** `{limit}` in MiB. */
  readonly tooLarge: string
  /** `{seconds}` */
  readonly tookTooLong: string
  readonly failed: string
  /** `{connections}`, `{frames}`; `{kind}` */
  readonly found: string
  readonly readAs: string
  readonly kinds: Readonly<Record<InputKind, string>>
  readonly result: string
  /** `{n}` */
  readonly connection: string
  readonly direction: Readonly<Record<Sender, string>>
  readonly ending: {
    readonly title: string
    /** `{code}`, with its name. */
    readonly reports: Readonly<Record<Sender, string>>
    readonly sent: Readonly<Record<Sender, string>>
    readonly fin: Readonly<Record<Sender, string>>
    readonly reset: Readonly<Record<Sender, string>>
    readonly noClose: string
    readonly open: string
    readonly unknown: string
    readonly reason: string
    /** `{ms}` */
    readonly retry: string
    /** `{code}` */
    readonly more: string
  }
  readonly handshake: {
    readonly title: string
    readonly status: string
    readonly accept: string
    readonly accepts: Readonly<Record<'right' | 'wrong' | 'missing', string>>
    readonly protocol: string
    readonly extensions: string
    /** `{offered}` */
    readonly offered: string
    readonly nothing: string
    readonly compression: string
    readonly takeover: Readonly<Record<'kept' | 'dropped', string>>
    /** `{bits}` */
    readonly window: string
    readonly request: string
    readonly response: string
    readonly fine: string
  }
  readonly frames: {
    readonly title: string
    readonly opcodes: Readonly<Record<0 | 1 | 2 | 8 | 9 | 10, string>>
    /** `{n}` */
    readonly reserved: string
    readonly masked: string
    readonly unmasked: string
    readonly bytes: string
    /** `{shown}` of `{n}` bytes. */
    readonly excerpt: string
    readonly inflated: string
    readonly more: string
  }
  /** `{n}` is what the fault is about. */
  readonly faults: Readonly<Record<FaultKind, string>>
  readonly notes: Readonly<Record<ConnectionNote | ResultNote, string>>
}
