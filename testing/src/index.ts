/** What tests start, and what they hold in their hands. Everything that is started is disposed with `await using`. */
export { acceptKey } from './accept-key.ts'
export { type Authority, authority, type Issued, type IssueOptions, selfSigned } from './authority.ts'
export {
  browser,
  browserMissing,
  launchBrowser,
  type Observation,
  type ObserveOptions,
  type TestBrowser,
} from './browser.ts'
export { certificate } from './certificate.ts'
export { Changes } from './changes.ts'
export { Child, type Exit } from './child.ts'
export { type Cut, type CuttingProxy, cuttingProxy } from './cutting-proxy.ts'
export {
  awaitedLater,
  type EventuallyOptions,
  eventually,
  type Subscribe,
  waitLimitMs,
  within,
} from './eventually.ts'
export { type Clock, type FakeClock, fakeClock } from './fake-clock.ts'
export {
  type Break,
  type Fault,
  type FaultOptions,
  faults,
  faultUpstream,
  fullBacklog,
  garbageOnConnect,
  type Silence,
  type SpoiltHandshake,
} from './fault-upstream.ts'
export { type ForkedUpstream, type ForkUpstreamOptions, forkUpstream } from './fork-upstream.ts'
export { closePayload, type FrameInit, frame, opcode } from './frame.ts'
export { type Frame, FrameParser, parseFrames } from './frame-parser.ts'
export {
  type CloseFrame,
  type Ending,
  FramePeer,
  type FramePeerOptions,
  type ReceivedMessage,
} from './frame-peer.ts'
export { frameworksFolder, installFrameworks } from './frameworks.ts'
export {
  type GatewayInit,
  gatewayOptions,
  type RouteInit,
  routeOptions,
  type UpstreamInit,
  upstreamOptions,
} from './gateway-options.ts'
export { attacks, growth } from './growth.ts'
export { H2Client, type H2Options, type H2Session, h2Client, h2Session } from './h2-client.ts'
export {
  type H2Seen,
  h2Connect,
  h2Fields,
  h2Frame,
  h2Get,
  h2Reset,
  type RawH2,
  rawH2,
} from './h2-frames.ts'
export { type HttpHead, parseHead, readHead } from './http-head.ts'
export { type InvalidFrame, invalidFrames } from './invalid-frames.ts'
export type { LogLine } from './log-line.ts'
export { once } from './once.ts'
export { playClient } from './play-client.ts'
export { playGateway, type ResumingClient, type Told } from './play-gateway.ts'
export { childrenOf, descriptorsOf, gone, isAlive, rssOf } from './proc.ts'
export { RawClient, type RawClientOptions, rawClient, upgradeRequest } from './raw-client.ts'
export { type RawSocketOptions, rawSocket } from './raw-socket.ts'
export {
  RawConnection,
  type RawUpstream,
  type RawUpstreamOptions,
  rawUpstream,
  switchingProtocols,
} from './raw-upstream.ts'
export { freePort, hasRedis, type RedisServer, type RedisServerOptions, startRedis } from './redis-server.ts'
export { refusalReason } from './refusal-reason.ts'
export {
  type ResumeDialogue,
  type ResumeMessage,
  type ResumeRole,
  type ResumeStep,
  type ResumeVectors,
  resumeVectors,
} from './resume-vectors.ts'
export { holdfastMain, type RunOptions, runHoldfast } from './run-holdfast.ts'
export { runtime } from './runtime.ts'
export { type BucketOptions, evenness, histogram } from './spread.ts'
export { startGateway, type TestGateway } from './start-gateway.ts'
export { type Holdfast, type HoldfastOptions, networkOf, startHoldfast } from './start-holdfast.ts'
export {
  startUpstream,
  type TestUpstream,
  UpstreamConnection,
  type UpstreamOptions,
} from './start-upstream.ts'
export {
  type RunningServer,
  type StoppingServer,
  stoppingServers,
} from './stopping-servers.ts'
export type { Exchange } from './stopping-subjects.ts'
export { closedPort, listening, type TcpServer, tcpServer } from './tcp-server.ts'
export { type Refusal, WsClient, type WsClientOptions, wsClient } from './ws-client.ts'
export { type Closed, WsPeer } from './ws-peer.ts'
export { Receiver, type ReceiverOptions } from './ws-receiver.ts'
