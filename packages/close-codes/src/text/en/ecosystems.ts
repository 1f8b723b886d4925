/** What ecosystems mean by their codes. Rules and notes concern an ecosystem as a whole. */
export const ecosystems = {
  'graphql-ws': {
    rule: 'Other 1xxx codes are final except 1000, 1001, 1005, 1006 and 1012-1014. The client waits 2^n s plus 0.3-3 s, five times.',
    codes: {
      4400: 'the message is not one of the protocol',
      4401: 'an operation before the connection was acknowledged; not about bad credentials',
      4403: 'the server refuses the connection; access may be granted later',
      4406: 'no subprotocol in common',
      4408: '`connection_init` did not come in time',
      4409: 'the operation id is in use',
      4429: '`connection_init` came twice',
      4500: 'the server threw',
      4004: 'the client got an invalid message',
      4005: 'the client threw',
      4504: 'the acknowledgement did not come in time',
      4499: 'made up by the client itself, by `client.terminate()`',
    },
  },
  discord: {
    note: 'A client that closes with 1000 or 1001 ends its session; with any other code it can resume.',
    codes: {
      4000: 'try reconnecting',
      4001: 'invalid opcode or payload',
      4002: 'invalid payload',
      4003: 'a payload before identify, or the session is no longer valid',
      4004: 'wrong token',
      4005: 'identified twice',
      4007: 'wrong sequence in a resume; start a new session',
      4008: 'too many payloads',
      4009: 'start a new session',
      4014: 'not enabled or not approved',
    },
  },
  'discord-voice': {
    note: 'Lavalink passes these on and has no codes of its own.',
    codes: {
      4014: 'kicked, or the main session dropped',
      4015: 'try to resume',
    },
  },
  'discord-rpc': {},
  pusher: {
    rule: '4000-4099: do not reconnect unchanged. 4100-4199: reconnect after a second or more. 4200-4299: reconnect at once.',
    note: '4301 and 4302 come in error events, not in a Close.',
    codes: {
      4000: 'reconnect with `wss://`',
      4100: 'wait a second or more',
      4202: '24 hours without activity and no ping from the client',
    },
  },
  centrifuge: {
    rule: '3000-3499 and 4000-4499: reconnect, backoff 0.5-20 s. 3500-3999, 4500-4999 and 1009: stop.',
    codes: {
      3000: 'no advice from the server; the registry has Unauthorized here',
      3001: 'the node is shutting down',
      3008: 'the client reads too slowly; the registry has Timeout here',
      3502: 'did not authenticate in time',
    },
  },
  twitch: {
    codes: {
      4000: 'like HTTP 500',
      4001: 'only pongs are allowed',
      4003: 'nothing subscribed within 10 s',
      4004: '30 s after `session_reconnect`',
      4005: 'passes by itself',
      4006: 'passes by itself',
      4007: 'the reconnect URL is not valid; use the default one',
    },
  },
  obs: {
    codes: {
      4009: 'reconnect with another password',
      4011: 'kicked by the user of OBS; a client must not reconnect by itself',
    },
  },
  hocuspocus: {},
  tldraw: {
    codes: {
      4099: 'one code for all fatal errors; the reason tells which: NOT_FOUND, FORBIDDEN, NOT_AUTHENTICATED, UNKNOWN_ERROR, CLIENT_TOO_OLD, SERVER_TOO_OLD, INVALID_RECORD, RATE_LIMITED, ROOM_FULL',
    },
  },
  colyseus: {
    codes: {
      4000: 'the client left on purpose',
    },
  },
  socketcluster: {
    rule: '4000, 4001 and 1005: reconnect at once. 1000 and everything from 4500: stop. The rest: reconnect after 10-20 s.',
  },
  sockjs: {
    note: 'Carried in SockJS frames of its own (`c[...]`); not always a real close code.',
    codes: {
      3000: 'the session is closed; the registry has Unauthorized here',
    },
  },
  websocketpp: {
    codes: {
      3000: 'the registry has Unauthorized here',
    },
  },
  spring: {
    note: 'The same number means something else in graphql-ws.',
    codes: {
      4500: 'a message could not be sent within the limits',
    },
  },
  openai: {
    note: 'Observed in October 2024.',
    codes: {
      3000: 'wrong key; fits the registered meaning',
    },
  },
  gemini: {
    note: 'Registered codes used as application errors; the reason holds the true cause.',
    codes: {
      1007: 'an invalid argument, or an expired API key',
      1008: 'an unknown entity or model',
      1011: 'an internal error, or a quota',
    },
  },
  aws: {
    note: '1013 and 1014 are not in its list.',
    codes: {
      1001: 'idle for 10 minutes, or 2 hours old',
      1003: 'binary messages are not supported',
      1005: 'the client closed without a code',
      1006: 'the connection ended without a Close',
      1008: 'too many requests from one client',
      1009: 'a message over the limit',
      1011: 'a fault of the service',
      1012: 'the service restarts',
    },
  },
  pandascore: {
    note: 'An example of 4000 plus a shortened HTTP status.',
    codes: {
      4001: 'no token',
      4003: 'not in the plan',
      4029: 'three per match',
    },
  },
  fluxer: {
    note: 'The other codes are those of the Discord Gateway, 4000-4012.',
  },
  'fastify-http-proxy': {
    note: 'It adds 3000 to 1004, 1005 and 1006, which must not be sent. Seen with 11.6.3; it has no clients of its own.',
    codes: {
      4005: 'the upstream closed without a code',
      4006: 'the connection to the upstream was lost',
    },
  },
} as const

/** What the ecosystems without codes of their own do instead. */
export const withoutOwnCodes = {
  slack:
    'a `disconnect` message whose reason is warning, refresh_requested, link_disabled or too_many_websockets',
  binance: 'a `serverShutdown` event; 24 hours at most; a pong within a minute',
  homeAssistant: 'an `auth_invalid` message; the client waits one second more each time, at most five',
  yWebsocket: 'ignores the code; waits 100 ms * 2^n, at most 2.5 s',
  socketIo: 'closes without a code, so the peer reports 1005; its own reason strings',
  appSync: '`connection_error` messages; exponential backoff with jitter',
} as const
