export {
  type CheckOptions,
  type CheckResult,
  check,
  type EndpointReport,
  type HeaderList,
  type LayerReport,
  type Lookup,
  type Side,
} from './check.ts'
export type { ConfigFile, ConfigProblem, ReadFiles } from './config/context.ts'
export { type Conversion, type ConvertedConfig, convertNginx } from './config/convert-nginx.ts'
export { readFromDisk } from './config/files.ts'
export { type ConfigReading, type ReadOptions, readProxyConfig } from './config/index.ts'
export { type ConfigKind, configKinds } from './config/kinds.ts'
export type { ArgsOf, Finding, FindingCode, FindingRow, Layer, Level, Where } from './findings.ts'
export { finding, findings, isFindingCode } from './findings.ts'
export { type ClientFate, type Manager, managers, type Outcome } from './restart/managers.ts'
export type { Member } from './restart/process-tree.ts'
export { checkRestart } from './restart/restart.ts'
export {
  RestartError,
  type RestartOptions,
  type RestartResult,
  type RestartTrouble,
} from './restart/restart-options.ts'
export type { Target, Watched } from './restart/stop.ts'
export type { ClientEnd, ClientKind, ClientSaw, Met } from './restart/witness.ts'
export type { FindingText, FindingTexts } from './words.ts'
export { fix, title, why } from './words.ts'
