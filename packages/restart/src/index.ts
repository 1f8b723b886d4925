export { bunSockets } from './adapters/bun.ts'
export type {
  BunHandlersTarget,
  BunTarget,
  CrosswsTarget,
  EngineIoTarget,
  ExpressWsTarget,
  FastifyTarget,
  FeathersTarget,
  HocuspocusTarget,
  HttpTarget,
  KoaWebSocketTarget,
  NamedTarget,
  NestTarget,
  RestartTarget,
  SocketIoTarget,
  SocketOf,
  SrvxTarget,
  WsTarget,
} from './adapters/targets.ts'
export { type SwallowingShell, swallowingShell } from './behind-shell.ts'
export type { Clock } from './clock.ts'
export { drainPing } from './drain.ts'
export type { Duration } from './duration.ts'
export { gracefulRestart, type Restart } from './graceful-restart.ts'
export type { RestartOptions } from './options.ts'
export { restoredHeaders, sayRestored } from './restored.ts'
export type { RestartReport } from './run.ts'
export type { Refusal, RestartServer, RestartSocket } from './seam.ts'
export type { Counts, Phase, RestartState } from './state.ts'
