export { checkReplayFile } from './check.ts'
export type { Replay, ReplayMessage, ReplayModule } from './module.ts'
export {
  holdFor,
  holdOutlook,
  protocolOf,
  protocolOfMessage,
  type Speaker,
} from './protocols.ts'
export { loadedReplay, loadReplay, replayLimits, replayProtocols } from './replay.ts'
