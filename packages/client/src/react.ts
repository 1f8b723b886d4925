// The package's entry for React.
import {
  createElement,
  type HTMLAttributes,
  type ReactElement,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react'
import type { Data } from './connection.ts'
import {
  connectionKey,
  type StoreUrl,
  type WebSocketStatus,
  type WebSocketStore,
  type WebSocketStoreOptions,
  webSocketStore,
} from './store.ts'

export type { StoreUrl, WebSocketStatus, WebSocketStore, WebSocketStoreOptions } from './store.ts'

/** What {@link useWebSocket} returns. Its functions stay the same as long as the connection's address does. */
export interface WebSocketHandle extends WebSocketStatus {
  /** Sends a message, or keeps it while there is no connection, within `buffer`. */
  readonly send: (data: Data) => void
  /** Connects anew now: with a fresh token, or after a code that keeps it away. */
  readonly reconnect: () => void
  /** Closes until `reconnect()`. Leaving the page closes by itself. */
  readonly close: (code?: number, reason?: string) => void
  /** What `ConnectionStatus` and `useSecondsLeft` take the countdown from. */
  readonly store: WebSocketStore
}

/**
 * One connection for as long as the component is mounted; one only, in StrictMode too. On a server, and while a page is
 * hydrated, it is `connecting` and nothing is connected.
 *
 * Another `url` or other `protocols`, compared as text, are another connection: the old one is closed with what it kept.
 * Functions are asked before every attempt and not compared, so they may be written in place. Other options, callbacks among
 * them, may change with each render, and nothing is connected anew. Without a URL there is no connection.
 *
 * Messages come to `onMessage`, each of them: a state would lose those that come within one render.
 *
 * @throws {SyntaxError} A DOMException of that name, to the next error boundary: no URL for a WebSocket.
 */
export function useWebSocket(url: StoreUrl, options: WebSocketStoreOptions = {}): WebSocketHandle {
  const key = connectionKey(url, options)
  const [held, setHeld] = useState(() => ({ key, store: webSocketStore(url, options) }))
  let current = held
  if (held.key !== key) {
    current = { key, store: webSocketStore(url, options) }
    setHeld(current)
  }
  const { store } = current
  // Before the store is subscribed to.
  useEffect(() => store.update(url, options))
  const status = useSyncExternalStore(store.subscribe, store.getStatus, store.getInitialStatus)
  return useMemo(() => {
    const { send, reconnect, close } = store
    return { ...status, send, reconnect, close, store }
  }, [status, store])
}

/** Whole seconds until the next attempt, counted down; null while none is waited for. */
export function useSecondsLeft({ store }: Pick<WebSocketHandle, 'store'>): number | null {
  return useSyncExternalStore(store.subscribeSeconds, store.getSecondsLeft, noSeconds)
}

const noSeconds = () => null

/** What {@link ConnectionStatus} says; all of it can be replaced. */
export interface ConnectionTexts {
  /** While an attempt is under way. */
  readonly connecting: string
  /** While the connection is open; '' says nothing. */
  readonly open: string
  /** While it waits, before `backIn`. */
  readonly waiting: string
  /** The countdown: whole seconds until the next attempt. */
  backIn(seconds: number): string
  /** When it does not come back by itself. */
  readonly closed: string
}

const english: ConnectionTexts = {
  connecting: 'connecting',
  open: 'connected',
  waiting: 'connection lost, ',
  backIn: (seconds) => `back in ${seconds} s`,
  closed: 'disconnected',
}

/** What {@link ConnectionStatus} takes; all else goes to its element, such as `className`. */
export interface ConnectionStatusProps extends Omit<HTMLAttributes<HTMLSpanElement>, 'children'> {
  /** What `useWebSocket` returned. */
  connection: Pick<WebSocketHandle, 'state' | 'store'>
  /**
   * Texts in place of the English ones.
   *
   * @default English
   */
  texts?: Partial<ConnectionTexts> | undefined
}

/**
 * The state of a connection in words, with the countdown: `connection lost, back in 3 s`. A `span` with `role="status"`,
 * so that a screen reader says each change of state; the seconds are a `role="timer"`, which it reads on demand and does not
 * say one by one. It has no style; `data-state` has the state.
 */
export function ConnectionStatus({ connection, texts, ...rest }: ConnectionStatusProps): ReactElement {
  const { state } = connection
  const words = { ...english, ...texts }
  const seconds = useSecondsLeft(connection)
  const countdown =
    seconds === null
      ? null
      : createElement('span', { role: 'timer', 'aria-live': 'off' }, words.backIn(seconds))
  return createElement('span', { role: 'status', ...rest, 'data-state': state }, words[state], countdown)
}
