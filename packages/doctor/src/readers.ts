// What runs in a page, too: the readers of configurations and the words of what they find, without probes and disk.
export type { ConfigFile, ConfigProblem, ReadFiles } from './config/context.ts'
export { type ConfigReading, type ReadOptions, readProxyConfig } from './config/index.ts'
export { type ConfigKind, configKinds } from './config/kinds.ts'
export type { Finding, FindingCode, Level, Where } from './findings.ts'
export { type FrameHeader, readFrameHeader } from './frame-header.ts'
export { fix, title, why } from './words.ts'
