import { discordCodes } from './discord-codes.ts'
import type { PrivateCodes } from './private-code.ts'

export type { PrivateCode, PrivateCodes, PrivateRetry } from './private-code.ts'

/**
 * What 21 ecosystems mean by codes that the registry leaves to them. The same number means different things in
 * different ecosystems: always show the ecosystem beside it. Several use registered numbers in a sense of
 * their own, which is why those stand here too.
 */
export const privateCodes: readonly PrivateCodes[] = [
  {
    id: 'graphql-ws',
    ecosystem: 'graphql-ws (graphql-transport-ws)',
    sources: [
      'https://github.com/enisdenjo/graphql-ws/blob/af4f5c9/src/common.ts',
      'https://github.com/enisdenjo/graphql-ws/blob/af4f5c9/PROTOCOL.md',
    ],
    codes: [
      { code: 4400, name: 'Bad Request', retry: 'stop' },
      { code: 4401, name: 'Unauthorized', retry: 'stop' },
      { code: 4403, name: 'Forbidden', retry: 'reconnect' },
      { code: 4406, name: 'Subprotocol Not Acceptable', retry: 'stop' },
      { code: 4408, name: 'Connection Initialisation Timeout', retry: 'reconnect' },
      { code: 4409, name: 'Subscriber Already Exists', retry: 'stop' },
      { code: 4429, name: 'Too Many Initialisation Requests', retry: 'stop' },
      { code: 4500, name: 'Internal Server Error', retry: 'stop' },
      { code: 4004, name: 'Bad Response', retry: 'stop' },
      { code: 4005, name: 'Internal Client Error', retry: 'stop' },
      { code: 4504, name: 'Connection Acknowledgement Timeout', retry: 'reconnect' },
      { code: 4499, name: 'Terminated', retry: 'reconnect' },
    ],
  },
  ...discordCodes,
  {
    id: 'pusher',
    ecosystem: 'Pusher Channels',
    sources: [
      'https://github.com/pusher/docs/blob/b34294a/docs/channels/library_auth_reference/pusher-websockets-protocol.md',
      'https://github.com/pusher/pusher-js/blob/f53faf9/src/core/connection/protocol/protocol.ts',
    ],
    codes: [
      { code: 4000, name: 'SSL only', retry: 'after-change' },
      { code: 4001, name: 'Application does not exist', retry: 'stop' },
      { code: 4003, name: 'Application disabled', retry: 'stop' },
      { code: 4004, name: 'Over connection quota', retry: 'stop' },
      { code: 4005, name: 'Path not found', retry: 'stop' },
      { code: 4006, name: 'Invalid version string format', retry: 'stop' },
      { code: 4007, name: 'Unsupported protocol version', retry: 'stop' },
      { code: 4008, name: 'No protocol version supplied', retry: 'stop' },
      { code: 4009, name: 'Connection is unauthorized', retry: 'stop' },
      { code: 4100, name: 'Over capacity', retry: 'backoff' },
      { code: 4200, name: 'Generic reconnect immediately', retry: 'at-once' },
      { code: 4201, name: 'Pong reply not received', retry: 'at-once' },
      { code: 4202, name: 'Closed after inactivity', retry: 'at-once' },
      { code: 4301, name: 'Client event rejected due to rate limit', retry: 'stop' },
      { code: 4302, name: 'Watchlist limit exceeded', retry: 'stop' },
    ],
  },
  {
    id: 'centrifuge',
    ecosystem: 'Centrifuge, Centrifugo',
    sources: ['https://github.com/centrifugal/centrifuge/blob/1d8f99f/disconnect.go'],
    codes: [
      { code: 3000, name: 'connection closed', retry: 'reconnect' },
      { code: 3001, name: 'shutdown', retry: 'reconnect' },
      { code: 3004, name: 'internal server error', retry: 'reconnect' },
      { code: 3005, name: 'connection expired', retry: 'reconnect' },
      { code: 3006, name: 'subscription expired', retry: 'reconnect' },
      { code: 3008, name: 'slow', retry: 'reconnect' },
      { code: 3009, name: 'write error', retry: 'reconnect' },
      { code: 3010, name: 'insufficient state', retry: 'reconnect' },
      { code: 3011, name: 'force reconnect', retry: 'reconnect' },
      { code: 3012, name: 'no pong', retry: 'reconnect' },
      { code: 3013, name: 'too many requests', retry: 'reconnect' },
      { code: 3014, name: 'state invalidated', retry: 'reconnect' },
      { code: 3500, name: 'invalid token', retry: 'stop' },
      { code: 3501, name: 'bad request', retry: 'stop' },
      { code: 3502, name: 'stale', retry: 'stop' },
      { code: 3503, name: 'force disconnect', retry: 'stop' },
      { code: 3504, name: 'connection limit', retry: 'stop' },
      { code: 3505, name: 'channel limit', retry: 'stop' },
      { code: 3506, name: 'inappropriate protocol', retry: 'stop' },
      { code: 3507, name: 'permission denied', retry: 'stop' },
      { code: 3508, name: 'not available', retry: 'stop' },
      { code: 3509, name: 'too many errors', retry: 'stop' },
    ],
  },
  {
    id: 'twitch',
    ecosystem: 'Twitch EventSub',
    sources: ['https://dev.twitch.tv/docs/eventsub/handling-websocket-events'],
    codes: [
      { code: 4000, name: 'Internal server error', retry: 'reconnect' },
      { code: 4001, name: 'Client sent inbound traffic', retry: 'after-change' },
      { code: 4002, name: 'Client failed ping-pong', retry: 'reconnect' },
      { code: 4003, name: 'Connection unused', retry: 'after-change' },
      { code: 4004, name: 'Reconnect grace time expired', retry: 'reconnect' },
      { code: 4005, name: 'Network timeout', retry: 'reconnect' },
      { code: 4006, name: 'Network error', retry: 'reconnect' },
      { code: 4007, name: 'Invalid reconnect', retry: 'after-change' },
    ],
  },
  {
    id: 'obs',
    ecosystem: 'OBS (obs-websocket 5)',
    sources: ['https://github.com/obsproject/obs-websocket/blob/032c993/docs/generated/protocol.md'],
    codes: [
      { code: 4000, name: 'UnknownReason', retry: 'unknown' },
      { code: 4002, name: 'MessageDecodeError', retry: 'unknown' },
      { code: 4003, name: 'MissingDataField', retry: 'unknown' },
      { code: 4004, name: 'InvalidDataFieldType', retry: 'unknown' },
      { code: 4005, name: 'InvalidDataFieldValue', retry: 'unknown' },
      { code: 4006, name: 'UnknownOpCode', retry: 'unknown' },
      { code: 4007, name: 'NotIdentified', retry: 'unknown' },
      { code: 4008, name: 'AlreadyIdentified', retry: 'unknown' },
      { code: 4009, name: 'AuthenticationFailed', retry: 'after-change' },
      { code: 4010, name: 'UnsupportedRpcVersion', retry: 'stop' },
      { code: 4011, name: 'SessionInvalidated', retry: 'stop' },
      { code: 4012, name: 'UnsupportedFeature', retry: 'stop' },
    ],
  },
  {
    id: 'hocuspocus',
    ecosystem: 'Hocuspocus (Yjs)',
    sources: ['https://github.com/ueberdosis/hocuspocus/blob/3ec6084/packages/common/src/CloseEvents.ts'],
    codes: [
      { code: 1009, name: 'Message Too Big', retry: 'reconnect' },
      { code: 4205, name: 'Reset Connection', retry: 'reconnect' },
      { code: 4401, name: 'Unauthorized', retry: 'reconnect' },
      { code: 4403, name: 'Forbidden', retry: 'reconnect' },
      { code: 4408, name: 'Connection Timeout', retry: 'reconnect' },
    ],
  },
  {
    id: 'tldraw',
    ecosystem: 'tldraw sync',
    sources: [
      'https://github.com/tldraw/tldraw/blob/1915ef1a19b8b35df67e8532334cdb7c8653b819/packages/sync-core/src/lib/TLSyncClient.ts',
    ],
    codes: [{ code: 4099, name: 'TLSyncErrorCloseEventCode', retry: 'stop' }],
  },
  {
    id: 'colyseus',
    ecosystem: 'Colyseus',
    sources: ['https://github.com/colyseus/colyseus/blob/b21f542/packages/shared-types/src/Protocol.ts'],
    codes: [
      { code: 4000, name: 'CONSENTED', retry: 'stop' },
      { code: 4001, name: 'SERVER_SHUTDOWN', retry: 'unknown' },
      { code: 4002, name: 'WITH_ERROR', retry: 'unknown' },
      { code: 4003, name: 'FAILED_TO_RECONNECT', retry: 'stop' },
      { code: 4010, name: 'MAY_TRY_RECONNECT', retry: 'reconnect' },
    ],
  },
  {
    id: 'socketcluster',
    ecosystem: 'SocketCluster',
    sources: ['https://github.com/SocketCluster/socketcluster-client/blob/134b9d9/lib/clientsocket.js'],
    codes: [
      { code: 4000, name: 'Server ping timed out', retry: 'at-once' },
      { code: 4001, name: 'Client pong timed out', retry: 'at-once' },
      { code: 4002, name: 'Server failed to sign auth token', retry: 'reconnect' },
      { code: 4003, name: 'Handshake failed', retry: 'reconnect' },
      { code: 4004, name: 'Client failed to save auth token', retry: 'reconnect' },
      { code: 4005, name: 'No #handshake before timeout', retry: 'reconnect' },
      { code: 4006, name: 'Failed to bind to broker', retry: 'reconnect' },
      { code: 4007, name: 'Client establishment timed out', retry: 'reconnect' },
      { code: 4008, name: 'Handshake rejected', retry: 'reconnect' },
    ],
  },
  {
    id: 'sockjs',
    ecosystem: 'SockJS',
    sources: ['https://github.com/sockjs/sockjs-protocol/blob/fdf5b7d/sockjs-protocol.py'],
    codes: [
      { code: 3000, name: 'Go away!', retry: 'unknown' },
      { code: 2010, name: 'Another connection still open', retry: 'stop' },
      { code: 1002, name: 'Connection interrupted', retry: 'reconnect' },
    ],
  },
  {
    id: 'websocketpp',
    ecosystem: 'WebSocket++',
    sources: ['https://github.com/zaphoyd/websocketpp/blob/4dfe1be/websocketpp/close.hpp'],
    codes: [
      { code: 3000, name: 'subprotocol_error', retry: 'unknown' },
      { code: 3001, name: 'invalid_subprotocol_data', retry: 'unknown' },
    ],
  },
  {
    id: 'spring',
    ecosystem: 'Spring Framework',
    sources: [
      'https://github.com/spring-projects/spring-framework/blob/01f7173/spring-websocket/src/main/java/org/springframework/web/socket/CloseStatus.java',
    ],
    codes: [{ code: 4500, name: 'SESSION_NOT_RELIABLE', retry: 'reconnect' }],
  },
  {
    id: 'openai',
    ecosystem: 'OpenAI Realtime',
    sources: ['https://github.com/twilio-samples/speech-assistant-openai-realtime-api-python/issues/4'],
    codes: [{ code: 3000, name: 'invalid_request_error.invalid_api_key', retry: 'stop' }],
  },
  {
    id: 'gemini',
    ecosystem: 'Google Gemini Live',
    sources: [
      'https://github.com/yagudaev/voiceclaw/pull/155',
      'https://github.com/google/adk-python/issues/3918',
      'https://github.com/livekit/agents/issues/2274',
    ],
    codes: [
      { code: 1007, name: 'Invalid Frame Payload Data', retry: 'stop' },
      { code: 1008, name: 'Policy Violation', retry: 'stop' },
      { code: 1011, name: 'Internal Error', retry: 'backoff' },
    ],
  },
  {
    id: 'aws',
    ecosystem: 'AWS API Gateway WebSocket',
    sources: [
      'https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html',
    ],
    codes: [
      { code: 1001, name: 'Going Away', retry: 'reconnect' },
      { code: 1003, name: 'Unsupported Data', retry: 'stop' },
      { code: 1005, name: 'No Status Received', retry: 'unknown' },
      { code: 1006, name: 'Abnormal Closure', retry: 'reconnect' },
      { code: 1008, name: 'Policy Violation', retry: 'backoff' },
      { code: 1009, name: 'Message Too Big', retry: 'stop' },
      { code: 1011, name: 'Internal Error', retry: 'reconnect' },
      { code: 1012, name: 'Service Restart', retry: 'reconnect' },
    ],
  },
  {
    id: 'pandascore',
    ecosystem: 'PandaScore',
    sources: ['https://developers.pandascore.co/docs/disconnections'],
    codes: [
      { code: 4001, name: 'Unauthorized', retry: 'stop' },
      { code: 4003, name: 'Forbidden', retry: 'stop' },
      { code: 4029, name: 'Too Many Connections', retry: 'stop' },
    ],
  },
  {
    id: 'fluxer',
    ecosystem: 'Fluxer',
    sources: ['https://docs.fluxer.app/gateway/close_codes'],
    codes: [{ code: 4013, name: 'Acknowledgement backpressure', retry: 'stop' }],
  },
  {
    id: 'fastify-http-proxy',
    ecosystem: '@fastify/http-proxy',
    sources: ['https://github.com/fastify/fastify-http-proxy'],
    codes: [
      { code: 4005, name: '1005 + 3000', retry: 'reconnect' },
      { code: 4006, name: '1006 + 3000', retry: 'reconnect' },
    ],
  },
]

/** An ecosystem that was looked at and has no close codes of its own. What it does instead stands in the texts. */
export interface WithoutPrivateCodes {
  /** The key of its words in the texts. */
  readonly id: string
  /** Its name for people. */
  readonly ecosystem: string
}

/** Ecosystems that were looked at and have none; what they do instead is in the texts, `withoutOwnCodes`. */
export const withoutPrivateCodes: readonly WithoutPrivateCodes[] = [
  { id: 'slack', ecosystem: 'Slack Socket Mode' },
  { id: 'binance', ecosystem: 'Binance' },
  { id: 'homeAssistant', ecosystem: 'Home Assistant' },
  { id: 'yWebsocket', ecosystem: 'y-websocket' },
  { id: 'socketIo', ecosystem: 'Socket.IO' },
  { id: 'appSync', ecosystem: 'AWS AppSync' },
]
