export type { Close, ReconnectCloseEvent } from './close-event.ts'
export type { ReconnectingWebSocketEventMap } from './event-target.ts'
export type {
  Asked,
  BufferOptions,
  Clock,
  Connection,
  Data,
  HeartbeatOptions,
  ReconnectingWebSocketOptions,
  WebSocketClass,
} from './options.ts'
export { ReconnectingWebSocket } from './reconnecting-websocket.ts'
