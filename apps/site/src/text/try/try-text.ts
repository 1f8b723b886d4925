/** The words of the page that plays with `holdfast demo --stay`. `{name}` is filled in. Backticks mark code. */
export interface TryText {
  readonly title: string
  readonly intro: string
  /** Stands above the command. */
  readonly start: string
  /** Stands below it: what it prints, and why only that page works. */
  readonly open: string
  /** Stands in place of the tool where scripts do not run. */
  readonly noScript: string
  /** Where the page asks whether a demo serves it. */
  readonly looking: string
  /** This page comes from elsewhere. */
  readonly notHere: string
  readonly ready: string
  /** The demo does not answer any more. */
  readonly gone: string
  /** The demo did not do it: `{why}`, in English. */
  readonly refused: string
  /** The backend, and what it does. */
  readonly backend: string
  readonly states: Record<'running' | 'stopped' | 'hanging' | 'garbage', string>
  readonly actions: Record<'stop' | 'kill' | 'hang' | 'garbage' | 'start' | 'drain', string>
  /** Through Holdfast, on a route with `hold`. */
  readonly hold: string
  readonly holdOn: string
  readonly holdOff: string
  readonly direct: string
  readonly gateway: string
  readonly connections: Record<'none' | 'connecting' | 'open' | 'closed', string>
  readonly connect: string
  readonly send: string
  readonly automatic: string
  /** What the large number is. */
  readonly lastClose: string
  readonly noClose: string
  /** `wasClean` */
  readonly clean: string
  readonly notClean: string
  readonly reason: string
  readonly noReason: string
  readonly log: string
  /** The message that this page sent: `{text}`. */
  readonly sent: string
}
