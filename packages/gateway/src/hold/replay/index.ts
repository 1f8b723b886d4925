export { checkReplayFile } from './check.ts'
export type { Replay, ReplayModule } from './module.ts'
export { loadedReplay, loadReplay, replayLimits, replayProtocols } from './replay.ts'
