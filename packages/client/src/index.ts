export type { Close, ReconnectCloseEvent } from './close-event.ts'
export type { Connection, Data, WebSocketClass } from './connection.ts'
export type { ReconnectingWebSocketEventMap } from './event-target.ts'
export type {
  Asked,
  BufferOptions,
  Clock,
  HeartbeatOptions,
  ReconnectingWebSocketOptions,
} from './options.ts'
export { ReconnectingWebSocket } from './reconnecting-websocket.ts'
