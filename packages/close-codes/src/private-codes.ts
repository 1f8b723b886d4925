/**
 * What an ecosystem's own clients do after a code: come back as usual, at once, after a backoff, only after a
 * change (other credentials, another URL), or not at all. Unknown: its documentation does not say.
 */
export type PrivateRetry = 'reconnect' | 'at-once' | 'backoff' | 'after-change' | 'stop' | 'unknown'

export interface PrivateCode {
  readonly code: number
  readonly name: string
  readonly retry: PrivateRetry
  readonly meaning?: string
}

/** The close codes of one ecosystem that are its own, or that it uses in its own way. */
export interface PrivateCodes {
  /** For choosing one: 'graphql-ws'. */
  readonly id: string
  readonly ecosystem: string
  /** A rule over ranges of codes, where the ecosystem has one. */
  readonly rule?: string
  readonly note?: string
  readonly sources: readonly string[]
  readonly codes: readonly PrivateCode[]
}

/**
 * What 20 ecosystems mean by codes that the registry leaves to them. The same number means different things in
 * different ecosystems: always show the ecosystem beside it. Several use registered numbers in a sense of
 * their own, which is why those stand here too.
 */
export const privateCodes: readonly PrivateCodes[] = [
  {
    id: 'graphql-ws',
    ecosystem: 'graphql-ws (graphql-transport-ws)',
    rule: 'Other 1xxx codes are final except 1000, 1001, 1005, 1006 and 1012-1014. The client waits 2^n s plus 0.3-3 s, five times.',
    sources: [
      'https://github.com/enisdenjo/graphql-ws/blob/af4f5c9/src/common.ts',
      'https://github.com/enisdenjo/graphql-ws/blob/af4f5c9/PROTOCOL.md',
    ],
    codes: [
      { code: 4400, name: 'Bad Request', retry: 'stop', meaning: 'the message is not one of the protocol' },
      {
        code: 4401,
        name: 'Unauthorized',
        retry: 'stop',
        meaning: 'an operation before the connection was acknowledged; not about bad credentials',
      },
      {
        code: 4403,
        name: 'Forbidden',
        retry: 'reconnect',
        meaning: 'the server refuses the connection; access may be granted later',
      },
      { code: 4406, name: 'Subprotocol Not Acceptable', retry: 'stop', meaning: 'no subprotocol in common' },
      {
        code: 4408,
        name: 'Connection Initialisation Timeout',
        retry: 'reconnect',
        meaning: '`connection_init` did not come in time',
      },
      { code: 4409, name: 'Subscriber Already Exists', retry: 'stop', meaning: 'the operation id is in use' },
      {
        code: 4429,
        name: 'Too Many Initialisation Requests',
        retry: 'stop',
        meaning: '`connection_init` came twice',
      },
      { code: 4500, name: 'Internal Server Error', retry: 'stop', meaning: 'the server threw' },
      { code: 4004, name: 'Bad Response', retry: 'stop', meaning: 'the client got an invalid message' },
      { code: 4005, name: 'Internal Client Error', retry: 'stop', meaning: 'the client threw' },
      {
        code: 4504,
        name: 'Connection Acknowledgement Timeout',
        retry: 'reconnect',
        meaning: 'the acknowledgement did not come in time',
      },
      {
        code: 4499,
        name: 'Terminated',
        retry: 'reconnect',
        meaning: 'made up by the client itself, by `client.terminate()`',
      },
    ],
  },
  {
    id: 'discord',
    ecosystem: 'Discord Gateway',
    note: 'A client that closes with 1000 or 1001 ends its session; with any other code it can resume.',
    sources: [
      'https://github.com/discord/discord-api-docs/blob/c98d64b/developers/topics/opcodes-and-status-codes.mdx',
    ],
    codes: [
      { code: 4000, name: 'Unknown error', retry: 'reconnect', meaning: 'try reconnecting' },
      { code: 4001, name: 'Unknown opcode', retry: 'reconnect', meaning: 'invalid opcode or payload' },
      { code: 4002, name: 'Decode error', retry: 'reconnect', meaning: 'invalid payload' },
      {
        code: 4003,
        name: 'Not authenticated',
        retry: 'reconnect',
        meaning: 'a payload before identify, or the session is no longer valid',
      },
      { code: 4004, name: 'Authentication failed', retry: 'stop', meaning: 'wrong token' },
      { code: 4005, name: 'Already authenticated', retry: 'reconnect', meaning: 'identified twice' },
      {
        code: 4007,
        name: 'Invalid seq',
        retry: 'reconnect',
        meaning: 'wrong sequence in a resume; start a new session',
      },
      { code: 4008, name: 'Rate limited', retry: 'reconnect', meaning: 'too many payloads' },
      { code: 4009, name: 'Session timed out', retry: 'reconnect', meaning: 'start a new session' },
      { code: 4010, name: 'Invalid shard', retry: 'stop' },
      { code: 4011, name: 'Sharding required', retry: 'stop' },
      { code: 4012, name: 'Invalid API version', retry: 'stop' },
      { code: 4013, name: 'Invalid intent(s)', retry: 'stop' },
      { code: 4014, name: 'Disallowed intent(s)', retry: 'stop', meaning: 'not enabled or not approved' },
    ],
  },
  {
    id: 'discord-voice',
    ecosystem: 'Discord Voice',
    note: 'Lavalink passes these on and has no codes of its own.',
    sources: [
      'https://github.com/discord/discord-api-docs/blob/c98d64b/developers/topics/opcodes-and-status-codes.mdx',
    ],
    codes: [
      { code: 4001, name: 'Unknown opcode', retry: 'unknown' },
      { code: 4002, name: 'Failed to decode payload', retry: 'unknown' },
      { code: 4003, name: 'Not authenticated', retry: 'unknown' },
      { code: 4004, name: 'Authentication failed', retry: 'unknown' },
      { code: 4005, name: 'Already authenticated', retry: 'unknown' },
      { code: 4006, name: 'Session no longer valid', retry: 'unknown' },
      { code: 4009, name: 'Session timeout', retry: 'unknown' },
      { code: 4011, name: 'Server not found', retry: 'unknown' },
      { code: 4012, name: 'Unknown protocol', retry: 'unknown' },
      { code: 4014, name: 'Disconnected', retry: 'stop', meaning: 'kicked, or the main session dropped' },
      { code: 4015, name: 'Voice server crashed', retry: 'reconnect', meaning: 'try to resume' },
      { code: 4016, name: 'Unknown encryption mode', retry: 'unknown' },
      { code: 4017, name: 'E2EE/DAVE protocol required', retry: 'unknown' },
      { code: 4020, name: 'Bad request', retry: 'unknown' },
      { code: 4021, name: 'Disconnected: Rate Limited', retry: 'stop' },
      { code: 4022, name: 'Disconnected: Call Terminated', retry: 'stop' },
    ],
  },
  {
    id: 'discord-rpc',
    ecosystem: 'Discord RPC',
    sources: [
      'https://github.com/discord/discord-api-docs/blob/c98d64b/developers/topics/opcodes-and-status-codes.mdx',
    ],
    codes: [
      { code: 4000, name: 'Invalid client ID', retry: 'unknown' },
      { code: 4001, name: 'Invalid origin', retry: 'unknown' },
      { code: 4002, name: 'Rate limited', retry: 'unknown' },
      { code: 4003, name: 'Token revoked', retry: 'unknown' },
      { code: 4004, name: 'Invalid version', retry: 'unknown' },
      { code: 4005, name: 'Invalid encoding', retry: 'unknown' },
    ],
  },
  {
    id: 'pusher',
    ecosystem: 'Pusher Channels',
    rule: '4000-4099: do not reconnect unchanged. 4100-4199: reconnect after a second or more. 4200-4299: reconnect at once.',
    note: '4301 and 4302 come in error events, not in a Close.',
    sources: [
      'https://github.com/pusher/docs/blob/b34294a/docs/channels/library_auth_reference/pusher-websockets-protocol.md',
      'https://github.com/pusher/pusher-js/blob/f53faf9/src/core/connection/protocol/protocol.ts',
    ],
    codes: [
      { code: 4000, name: 'SSL only', retry: 'after-change', meaning: 'come back with `wss://`' },
      { code: 4001, name: 'Application does not exist', retry: 'stop' },
      { code: 4003, name: 'Application disabled', retry: 'stop' },
      { code: 4004, name: 'Over connection quota', retry: 'stop' },
      { code: 4005, name: 'Path not found', retry: 'stop' },
      { code: 4006, name: 'Invalid version string format', retry: 'stop' },
      { code: 4007, name: 'Unsupported protocol version', retry: 'stop' },
      { code: 4008, name: 'No protocol version supplied', retry: 'stop' },
      { code: 4009, name: 'Connection is unauthorized', retry: 'stop' },
      { code: 4100, name: 'Over capacity', retry: 'backoff', meaning: 'wait a second or more' },
      { code: 4200, name: 'Generic reconnect immediately', retry: 'at-once' },
      { code: 4201, name: 'Pong reply not received', retry: 'at-once' },
      {
        code: 4202,
        name: 'Closed after inactivity',
        retry: 'at-once',
        meaning: '24 hours without activity and no ping from the client',
      },
      { code: 4301, name: 'Client event rejected due to rate limit', retry: 'unknown' },
      { code: 4302, name: 'Watchlist limit exceeded', retry: 'unknown' },
    ],
  },
  {
    id: 'centrifuge',
    ecosystem: 'Centrifuge, Centrifugo',
    rule: '3000-3499 and 4000-4499: reconnect, backoff 0.5-20 s. 3500-3999, 4500-4999 and 1009: stop.',
    sources: ['https://github.com/centrifugal/centrifuge/blob/1d8f99f/disconnect.go'],
    codes: [
      {
        code: 3000,
        name: 'connection closed',
        retry: 'reconnect',
        meaning: 'no advice from the server; the registry has Unauthorized here',
      },
      { code: 3001, name: 'shutdown', retry: 'reconnect', meaning: 'the node is shutting down' },
      { code: 3004, name: 'internal server error', retry: 'reconnect' },
      { code: 3005, name: 'connection expired', retry: 'reconnect' },
      { code: 3006, name: 'subscription expired', retry: 'reconnect' },
      {
        code: 3008,
        name: 'slow',
        retry: 'reconnect',
        meaning: 'the client reads too slowly; the registry has Timeout here',
      },
      { code: 3009, name: 'write error', retry: 'reconnect' },
      { code: 3010, name: 'insufficient state', retry: 'reconnect' },
      { code: 3011, name: 'force reconnect', retry: 'reconnect' },
      { code: 3012, name: 'no pong', retry: 'reconnect' },
      { code: 3013, name: 'too many requests', retry: 'reconnect' },
      { code: 3014, name: 'state invalidated', retry: 'reconnect' },
      { code: 3500, name: 'invalid token', retry: 'stop' },
      { code: 3501, name: 'bad request', retry: 'stop' },
      { code: 3502, name: 'stale', retry: 'stop', meaning: 'did not authenticate in time' },
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
      { code: 4000, name: 'Internal server error', retry: 'reconnect', meaning: 'like HTTP 500' },
      {
        code: 4001,
        name: 'Client sent inbound traffic',
        retry: 'after-change',
        meaning: 'only pongs are allowed',
      },
      { code: 4002, name: 'Client failed ping-pong', retry: 'reconnect' },
      {
        code: 4003,
        name: 'Connection unused',
        retry: 'after-change',
        meaning: 'nothing subscribed within 10 s',
      },
      {
        code: 4004,
        name: 'Reconnect grace time expired',
        retry: 'reconnect',
        meaning: '30 s after `session_reconnect`',
      },
      { code: 4005, name: 'Network timeout', retry: 'reconnect', meaning: 'passes by itself' },
      { code: 4006, name: 'Network error', retry: 'reconnect', meaning: 'passes by itself' },
      {
        code: 4007,
        name: 'Invalid reconnect',
        retry: 'after-change',
        meaning: 'the reconnect URL is not valid; use the default one',
      },
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
      {
        code: 4009,
        name: 'AuthenticationFailed',
        retry: 'after-change',
        meaning: 'come back with another password',
      },
      { code: 4010, name: 'UnsupportedRpcVersion', retry: 'stop' },
      {
        code: 4011,
        name: 'SessionInvalidated',
        retry: 'stop',
        meaning: 'kicked by the user of OBS; a client must not come back by itself',
      },
      { code: 4012, name: 'UnsupportedFeature', retry: 'stop' },
    ],
  },
  {
    id: 'hocuspocus',
    ecosystem: 'Hocuspocus (Yjs)',
    sources: ['https://github.com/ueberdosis/hocuspocus/blob/3ec6084/packages/common/src/CloseEvents.ts'],
    codes: [
      { code: 1009, name: 'Message Too Big', retry: 'unknown' },
      { code: 4205, name: 'Reset Connection', retry: 'reconnect' },
      { code: 4401, name: 'Unauthorized', retry: 'stop' },
      { code: 4403, name: 'Forbidden', retry: 'stop' },
      { code: 4408, name: 'Connection Timeout', retry: 'reconnect' },
    ],
  },
  {
    id: 'tldraw',
    ecosystem: 'tldraw sync',
    sources: [
      'https://github.com/tldraw/tldraw/blob/1915ef1a19b8b35df67e8532334cdb7c8653b819/packages/sync-core/src/lib/TLSyncClient.ts',
    ],
    codes: [
      {
        code: 4099,
        name: 'TLSyncErrorCloseEventCode',
        retry: 'stop',
        meaning:
          'one code for all fatal errors; the reason tells which: NOT_FOUND, FORBIDDEN, NOT_AUTHENTICATED, UNKNOWN_ERROR, CLIENT_TOO_OLD, SERVER_TOO_OLD, INVALID_RECORD, RATE_LIMITED, ROOM_FULL',
      },
    ],
  },
  {
    id: 'colyseus',
    ecosystem: 'Colyseus',
    sources: ['https://github.com/colyseus/colyseus/blob/b21f542/packages/shared-types/src/Protocol.ts'],
    codes: [
      { code: 4000, name: 'CONSENTED', retry: 'stop', meaning: 'the client left on purpose' },
      { code: 4001, name: 'SERVER_SHUTDOWN', retry: 'unknown' },
      { code: 4002, name: 'WITH_ERROR', retry: 'unknown' },
      { code: 4003, name: 'FAILED_TO_RECONNECT', retry: 'stop' },
      { code: 4010, name: 'MAY_TRY_RECONNECT', retry: 'reconnect' },
    ],
  },
  {
    id: 'socketcluster',
    ecosystem: 'SocketCluster',
    rule: '4000, 4001 and 1005: reconnect at once. 1000 and everything from 4500: stop. The rest: reconnect after 10-20 s.',
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
    note: 'Carried in SockJS frames of its own (`c[...]`); not always a real close code.',
    sources: ['https://github.com/sockjs/sockjs-protocol/blob/fdf5b7d/sockjs-protocol.py'],
    codes: [
      {
        code: 3000,
        name: 'Go away!',
        retry: 'unknown',
        meaning: 'the session is closed; the registry has Unauthorized here',
      },
      { code: 2010, name: 'Another connection still open', retry: 'stop' },
      { code: 1002, name: 'Connection interrupted', retry: 'reconnect' },
    ],
  },
  {
    id: 'websocketpp',
    ecosystem: 'WebSocket++',
    sources: ['https://github.com/zaphoyd/websocketpp/blob/4dfe1be/websocketpp/close.hpp'],
    codes: [
      {
        code: 3000,
        name: 'subprotocol_error',
        retry: 'unknown',
        meaning: 'the registry has Unauthorized here',
      },
      { code: 3001, name: 'invalid_subprotocol_data', retry: 'unknown' },
    ],
  },
  {
    id: 'spring',
    ecosystem: 'Spring Framework',
    note: 'The same number means something else in graphql-ws.',
    sources: [
      'https://github.com/spring-projects/spring-framework/blob/01f7173/spring-websocket/src/main/java/org/springframework/web/socket/CloseStatus.java',
    ],
    codes: [
      {
        code: 4500,
        name: 'SESSION_NOT_RELIABLE',
        retry: 'reconnect',
        meaning: 'a message could not be sent within the limits',
      },
    ],
  },
  {
    id: 'openai',
    ecosystem: 'OpenAI Realtime',
    note: 'Observed in October 2024.',
    sources: ['https://github.com/twilio-samples/speech-assistant-openai-realtime-api-python/issues/4'],
    codes: [
      {
        code: 3000,
        name: 'invalid_request_error.invalid_api_key',
        retry: 'stop',
        meaning: 'wrong key; fits the registered meaning',
      },
    ],
  },
  {
    id: 'gemini',
    ecosystem: 'Google Gemini Live',
    note: 'Registered codes used as application errors; the reason holds the true cause.',
    sources: [
      'https://github.com/yagudaev/voiceclaw/pull/155',
      'https://github.com/google/adk-python/issues/3918',
      'https://github.com/livekit/agents/issues/2274',
    ],
    codes: [
      { code: 1007, name: 'invalid argument / API key expired', retry: 'stop' },
      { code: 1008, name: 'entity or model not found', retry: 'stop' },
      { code: 1011, name: 'internal error or quota', retry: 'backoff' },
    ],
  },
  {
    id: 'aws',
    ecosystem: 'AWS API Gateway WebSocket',
    note: '1013 and 1014 are not in its list.',
    sources: [
      'https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html',
    ],
    codes: [
      { code: 1001, name: 'idle 10 min or 2 h lifetime', retry: 'reconnect' },
      { code: 1003, name: 'binary not supported', retry: 'stop' },
      { code: 1005, name: 'client closed without code', retry: 'unknown' },
      { code: 1006, name: 'closed without close frame', retry: 'reconnect' },
      { code: 1008, name: 'too many requests from one client', retry: 'backoff' },
      { code: 1009, name: 'message too big', retry: 'stop' },
      { code: 1011, name: 'internal server error', retry: 'reconnect' },
      { code: 1012, name: 'service restarts', retry: 'reconnect' },
    ],
  },
  {
    id: 'pandascore',
    ecosystem: 'PandaScore',
    note: 'An example of 4000 plus a shortened HTTP status.',
    sources: ['https://developers.pandascore.co/docs/disconnections'],
    codes: [
      { code: 4001, name: 'Unauthorized', retry: 'stop', meaning: 'no token' },
      { code: 4003, name: 'Forbidden', retry: 'stop', meaning: 'not in the plan' },
      { code: 4029, name: 'Too Many Connections', retry: 'stop', meaning: 'three per match' },
    ],
  },
  {
    id: 'fluxer',
    ecosystem: 'Fluxer',
    note: 'The other codes are those of the Discord Gateway, 4000-4012.',
    sources: ['https://docs.fluxer.app/gateway/close_codes'],
    codes: [{ code: 4013, name: 'Acknowledgement backpressure', retry: 'stop' }],
  },
]

/** An ecosystem that was looked at and has no close codes of its own, and what it does instead. */
export interface WithoutPrivateCodes {
  readonly ecosystem: string
  readonly instead: string
}

export const withoutPrivateCodes: readonly WithoutPrivateCodes[] = [
  {
    ecosystem: 'Slack Socket Mode',
    instead:
      'a `disconnect` message whose reason is warning, refresh_requested, link_disabled or too_many_websockets',
  },
  { ecosystem: 'Binance', instead: 'a `serverShutdown` event; 24 hours at most; a pong within a minute' },
  {
    ecosystem: 'Home Assistant',
    instead: 'an `auth_invalid` message; the client waits one second more each time, at most five',
  },
  { ecosystem: 'y-websocket', instead: 'ignores the code; waits 100 ms * 2^n, at most 2.5 s' },
  {
    ecosystem: 'Socket.IO',
    instead: 'closes without a code, so the peer reports 1005; its own reason strings',
  },
  { ecosystem: 'AWS AppSync', instead: '`connection_error` messages; exponential backoff with jitter' },
]
