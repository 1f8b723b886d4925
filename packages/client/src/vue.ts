// The package's entry for Vue.
import {
  type ComputedRef,
  computed,
  getCurrentInstance,
  isRef,
  onMounted,
  onScopeDispose,
  type Ref,
  type ShallowRef,
  shallowRef,
  watch,
} from 'vue'
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

/** What {@link useWebSocket} returns. */
export interface WebSocketHandle {
  /** What the connection is doing, when it comes back, and its last loss. */
  readonly status: Readonly<ShallowRef<WebSocketStatus>>
  /** `state` of `status`. */
  readonly state: ComputedRef<WebSocketStatus['state']>
  /** Whole seconds until the next attempt, counted down; null while none is waited for. */
  readonly secondsLeft: Readonly<ShallowRef<number | null>>
  /** Sends a message, or keeps it while there is no connection, within `buffer`. */
  send(data: Data): void
  /** Connects anew now: with a fresh token, or after a code that keeps it away. */
  reconnect(): void
  /** Closes until `reconnect()`. The end of the component closes by itself. */
  close(code?: number, reason?: string): void
}

/**
 * One connection from when the component is mounted until its scope ends; outside of a component from now on. Nothing is
 * connected while a page is rendered on a server.
 *
 * Another value of a `url` that is a ref is another connection: the old one is closed with what it kept. A function is
 * asked before every attempt. Without a URL there is no connection.
 */
export function useWebSocket(
  url: StoreUrl | Ref<string | URL | null | undefined>,
  options: WebSocketStoreOptions = {},
): WebSocketHandle {
  const address = () => (isRef(url) ? url.value : url)
  let store: WebSocketStore = webSocketStore(address(), options)
  const status = shallowRef(store.getStatus())
  const secondsLeft = shallowRef<number | null>(null)
  let leave: (() => void)[] = []

  const stop = () => {
    for (const act of leave) act()
    leave = []
  }
  const start = () => {
    const mine = store
    leave = [
      mine.subscribe((next) => {
        status.value = next
        secondsLeft.value = mine.getSecondsLeft()
      }),
      mine.subscribeSeconds(() => {
        secondsLeft.value = mine.getSecondsLeft()
      }),
    ]
  }
  watch(
    () => connectionKey(address(), options),
    () => {
      const wasRunning = leave.length > 0
      stop()
      store = webSocketStore(address(), options)
      status.value = store.getStatus()
      if (wasRunning) start()
    },
    { flush: 'sync' },
  )
  if (getCurrentInstance()) onMounted(start)
  else start()
  onScopeDispose(stop)

  return {
    status,
    state: computed(() => status.value.state),
    secondsLeft,
    send: (data) => store.send(data),
    reconnect: () => store.reconnect(),
    close: (code, reason) => store.close(code, reason),
  }
}
