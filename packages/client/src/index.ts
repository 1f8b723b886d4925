export type { Close, ReconnectCloseEvent, ResumeEvent, SessionEnd } from './close-event.ts'
export type { Connection, Data, WebSocketClass } from './connection.ts'
export type { ReconnectingWebSocketEventMap } from './event-target.ts'
export type {
  BufferOptions,
  Clock,
  HeartbeatOptions,
  ReconnectingWebSocketOptions,
  ValueOrFactory,
} from './options.ts'
export { ReconnectingWebSocket } from './reconnecting-websocket.ts'
