// Runs in every runtime, in a page too: nothing of Node here.

/** What to call on the socket, as data. */
export type Action =
  | { readonly call: 'close'; readonly code?: number; readonly reason?: string }
  | { readonly call: 'send'; readonly text: string }
  | { readonly call: 'send'; readonly bytes: number }

/** When to call it: 'constructed' is at once. */
export type Plan = { readonly [when in 'constructed' | 'open' | 'message' | 'close']?: readonly Action[] } & {
  /** Milliseconds after which it is closed if it has not opened: what a native one has instead of a time limit. */
  readonly closeUnlessOpenAfter?: number
}

export interface Socket {
  readonly url: string
  readonly protocol: string
  readonly readyState: number
  readonly bufferedAmount: number
  readonly binaryType: string
  // biome-ignore lint/suspicious/noExplicitAny: every implementation has event classes of its own
  addEventListener(type: string, listener: (event: any) => void): void
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

export interface Step {
  /** 'constructed', an event's type, or a call. */
  readonly what: string
  readonly readyState: number
  readonly bufferedAmount?: number
  readonly threw?: string
  readonly code?: number
  readonly reason?: string
  readonly wasClean?: boolean
  readonly data?: string
  readonly protocol?: string
}

type AnyEvent = { readonly type: string } & Partial<Record<'code' | 'reason' | 'wasClean' | 'data', unknown>>

/** Makes a socket, plays the plan and returns all that was seen, up to a little after `close` or the limit. */
export async function observe(make: () => Socket, plan: Plan, limit: number): Promise<Step[]> {
  const steps: Step[] = []
  const socket = make()
  const note = (what: string, more: Partial<Step> = {}) => {
    steps.push({ what, readyState: socket.readyState, ...more })
  }
  const act = (when: keyof Plan) => {
    for (const action of (plan[when] as readonly Action[] | undefined) ?? []) perform(socket, action, note)
  }

  return new Promise((resolve) => {
    const timers: ReturnType<typeof setTimeout>[] = []
    const finish = () => {
      for (const timer of timers) clearTimeout(timer)
      resolve(steps)
    }
    const on = (type: string, listener: (event: AnyEvent) => void) => socket.addEventListener(type, listener)
    on('open', () => {
      note('open', { bufferedAmount: socket.bufferedAmount, protocol: socket.protocol })
      act('open')
    })
    on('message', ({ data }) => {
      note('message', { data: typeof data === 'string' ? data : Object.prototype.toString.call(data) })
      act('message')
    })
    on('error', () => note('error', { bufferedAmount: socket.bufferedAmount }))
    on('close', ({ code, reason, wasClean }) => {
      const seen = { code, reason, wasClean } as Pick<Step, 'code' | 'reason' | 'wasClean'>
      note('close', { ...seen, bufferedAmount: socket.bufferedAmount })
      act('close')
      // Long enough to see an event too many.
      timers.push(setTimeout(finish, 50))
    })
    note('constructed', { bufferedAmount: socket.bufferedAmount })
    act('constructed')
    const { closeUnlessOpenAfter } = plan
    if (closeUnlessOpenAfter !== undefined)
      timers.push(setTimeout(() => socket.readyState === 0 && socket.close(), closeUnlessOpenAfter))
    timers.push(setTimeout(finish, limit))
  })
}

function perform(socket: Socket, action: Action, note: (what: string, more?: Partial<Step>) => void): void {
  const { call, ...given } = action
  const what = `${call}(${Object.values(given).join(', ')})`
  try {
    if (action.call === 'close') callClose(socket, action)
    else socket.send('text' in action ? action.text : new Uint8Array(action.bytes))
    // What is sent while it is open may be on its way already: no two runs agree.
    note(what, socket.readyState === 1 ? {} : { bufferedAmount: socket.bufferedAmount })
  } catch (error) {
    note(what, { threw: (error as Error).name })
  }
}

function callClose(socket: Socket, { code, reason }: { code?: number; reason?: string }): void {
  if (reason !== undefined) socket.close(code, reason)
  else if (code !== undefined) socket.close(code)
  else socket.close()
}
