export type { AccessEntry, Asked } from './access-line.ts'
export { AccessLog, tryAccessLog } from './access-log.ts'
export { type AcmeShared, nothingShared, type TlsChallenge } from './acme-shared.ts'
export { Bytes } from './bytes.ts'
export { type Clock, type MonotonicMs, systemClock, type UnixMs } from './clock.ts'
export { countedCode } from './counted-code.ts'
export { Descriptors, filesForClients, isShortage, shortageLine, warnOfLowLimit } from './descriptors.ts'
export { errorMessage, GatewayError, type Side } from './errors.ts'
export { attempt, guarded } from './guard.ts'
export type { Handle } from './handle.ts'
export { createLogger, type LogLevel, type LogOptions, logLevels, logOptionsFor } from './log.ts'
export { logLinesDropped } from './log-writer.ts'
export { isSecretName } from './mask.ts'
export type {
  AccessLogOptions,
  AcmeOptions,
  AdminOptions,
  AuthOptions,
  Balance,
  DrainOptions,
  FieldChanges,
  FleetOptions,
  FleetStoreOptions,
  GatewayOptions,
  HealthOptions,
  HoldOptions,
  HostPort,
  LimitOptions,
  ListenOptions,
  PendingOptions,
  ReplayOptions,
  ResumeOptions,
  RouteChanges,
  RouteOptions,
  TlsOptions,
  UpgradeOptions,
  UpstreamOptions,
  UpstreamTlsOptions,
} from './options.ts'
export { isPrivateAddress } from './private-address.ts'
export { maxFileBytes, readFileLimited } from './read-file.ts'
export {
  anything,
  base64,
  type Check,
  count,
  either,
  finite,
  flag,
  list,
  oneOf,
  optional,
  pair,
  record,
  type Shape,
  text,
} from './shape.ts'
export type {
  AcmeInfo,
  CarrierInfo,
  CertificateInfo,
  ClosedBy,
  ConnectionFilter,
  ConnectionInfo,
  Direction,
  DrainCounts,
  DrainInfo,
  DrainScope,
  FleetInfo,
  FleetMember,
  FleetNode,
  FrontInfo,
  GatewayEvent,
  GatewaySnapshot,
  HandshakeResult,
  HoldResult,
  LetGo,
  PlannedDrain,
  PlannedFronts,
  PlannedKind,
  ProcessInfo,
  RebalanceEnd,
  RebalanceInfo,
  RelayRefusal,
  RestoredBy,
  RouteCounters,
  RouteInfo,
  SessionElsewhere,
  SessionMoves,
  ShownState,
  SocketCounts,
  TlsRefusal,
  Traffic,
  Unrouted,
  UpgradeInfo,
  UpgradePlan,
  UpstreamInfo,
  UpstreamState,
} from './snapshot.ts'
export { addRefused, noneRefused } from './socket-counts.ts'
export { Subscribers } from './subscribers.ts'
export { ThrottledLine } from './throttled-line.ts'
export { unixPath, unixPeer } from './unix-address.ts'
