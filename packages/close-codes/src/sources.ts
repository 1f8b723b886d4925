import type { CodeId } from './code.ts'
import {
  awsApiGateway,
  erratum3227,
  hybi9670,
  hybi10748,
  mdn,
  type Reference,
  registry,
  rfc6455,
  rfc6455Recovering,
  whatwg,
} from './references.ts'

const wsValidation: Reference = {
  title: 'ws, lib/validation.js',
  url: 'https://github.com/websockets/ws/blob/a2f4e7c/lib/validation.js',
}

const chromium: Reference = {
  title: 'Chromium, websocket_channel.cc',
  url: 'https://github.com/chromium/chromium/blob/017c1ba/net/websockets/websocket_channel.cc',
}

const uWebSockets: Reference = {
  title: 'uWebSockets, WebSocketProtocol.h',
  url: 'https://github.com/uNetworking/uWebSockets/blob/66dcff3/src/WebSocketProtocol.h',
}

const pythonFaq: Reference = {
  title: 'websockets (Python), connection.rst',
  url: 'https://github.com/python-websockets/websockets/blob/04e599c/docs/faq/connection.rst',
}

const phoenix: Reference = {
  title: 'Phoenix, socket.ex',
  url: 'https://github.com/phoenixframework/phoenix/blob/167c469/lib/phoenix/socket.ex',
}

const geminiLive: Reference = {
  title: 'yagudaev/voiceclaw#155',
  url: 'https://github.com/yagudaev/voiceclaw/pull/155',
}

const omi: Reference = {
  title: 'BasedHardware/omi#5528',
  url: 'https://github.com/BasedHardware/omi/issues/5528',
}

const htmx: Reference = {
  title: 'htmx-extensions, ws.js',
  url: 'https://github.com/bigskysoftware/htmx-extensions/blob/fd25e24/src/ws/ws.js',
}

const graphqlWs: Reference = {
  title: 'graphql-ws, client.ts',
  url: 'https://github.com/enisdenjo/graphql-ws/blob/af4f5c9/src/client.ts',
}

const centrifuge: Reference = {
  title: 'Centrifuge, disconnect.go',
  url: 'https://github.com/centrifugal/centrifuge/blob/1d8f99f/disconnect.go',
}

const luka967: Reference = {
  title: 'Luka967/websocket-close-codes',
  url: 'https://github.com/Luka967/websocket-close-codes',
}

const dotnet: Reference = {
  title: 'dotnet/runtime#83827',
  url: 'https://github.com/dotnet/runtime/pull/83827',
}

const gorilla: Reference = {
  title: 'gorilla/websocket, conn.go',
  url: 'https://github.com/gorilla/websocket/blob/e064f32/conn.go',
}

/**
 * Where the statements about a code come from, beside its definition. Titles are names of documents, issues and
 * files, the same in every language.
 */
export const sources: Record<CodeId, readonly Reference[]> = {
  normalClosure: [
    rfc6455,
    registry,
    whatwg,
    phoenix,
    {
      title: 'Bandit, connection.ex',
      url: 'https://github.com/mtrudel/bandit/blob/e022cd3/lib/bandit/websocket/connection.ex',
    },
    {
      title: 'Discord, opcodes and status codes',
      url: 'https://github.com/discord/discord-api-docs/blob/c98d64b/developers/topics/opcodes-and-status-codes.mdx',
    },
  ],
  goingAway: [
    rfc6455,
    rfc6455Recovering,
    registry,
    whatwg,
    awsApiGateway,
    {
      title: 'websockets (Python), server.py',
      url: 'https://github.com/python-websockets/websockets/blob/04e599c/src/websockets/asyncio/server.py',
    },
    {
      title: 'Caddy, streaming.go',
      url: 'https://github.com/caddyserver/caddy/blob/0cf03d3/modules/caddyhttp/reverseproxy/streaming.go',
    },
    {
      title: 'websocket-client/websocket-client#873',
      url: 'https://github.com/websocket-client/websocket-client/issues/873',
    },
    { title: 'lukeed/sockette#70', url: 'https://github.com/lukeed/sockette/issues/70' },
  ],
  protocolError: [rfc6455, registry, gorilla, wsValidation],
  unsupportedData: [rfc6455, registry, awsApiGateway],
  reserved: [
    rfc6455,
    registry,
    chromium,
    wsValidation,
    {
      title: 'webplatform docs, CloseEvent.code',
      url: 'https://webplatform.github.io/docs/apis/websocket/CloseEvent/code',
    },
  ],
  noStatusReceived: [
    rfc6455,
    registry,
    whatwg,
    wsValidation,
    {
      title: 'EtienneLescot/n8n-as-code#318',
      url: 'https://github.com/EtienneLescot/n8n-as-code/issues/318',
    },
  ],
  abnormalClosure: [
    rfc6455,
    rfc6455Recovering,
    registry,
    whatwg,
    pythonFaq,
    uWebSockets,
    chromium,
    { title: 'ws, API', url: 'https://github.com/websockets/ws/blob/a2f4e7c/doc/ws.md' },
  ],
  invalidPayload: [rfc6455, registry, geminiLive, wsValidation, chromium],
  policyViolation: [
    rfc6455,
    registry,
    awsApiGateway,
    geminiLive,
    {
      title: 'pipecat-ai/pipecat#3824',
      url: 'https://github.com/pipecat-ai/pipecat/pull/3824',
    },
  ],
  messageTooBig: [rfc6455, registry, awsApiGateway],
  mandatoryExtension: [
    rfc6455,
    registry,
    {
      title: 'OpenJDK, StatusCodes.java',
      url: 'https://github.com/openjdk/jdk/blob/master/src/java.net.http/share/classes/jdk/internal/net/http/websocket/StatusCodes.java',
    },
  ],
  internalError: [rfc6455, erratum3227, registry, chromium, pythonFaq, geminiLive],
  serviceRestart: [
    registry,
    hybi9670,
    rfc6455Recovering,
    mdn,
    awsApiGateway,
    {
      title: 'Spring, CloseStatus.java',
      url: 'https://github.com/spring-projects/spring-framework/blob/01f7173/spring-websocket/src/main/java/org/springframework/web/socket/CloseStatus.java',
    },
    { title: 'Kludex/uvicorn#1816', url: 'https://github.com/Kludex/uvicorn/pull/1816' },
    phoenix,
    {
      title: 'Phoenix, endpoint.ex',
      url: 'https://github.com/phoenixframework/phoenix/blob/167c469/lib/phoenix/endpoint.ex',
    },
    {
      title: 'reconnecting-websocket',
      url: 'https://github.com/pladaria/reconnecting-websocket/blob/05a2f7c/reconnecting-websocket.ts',
    },
    {
      title: 'Socket.IO, manager.ts',
      url: 'https://github.com/socketio/socket.io/blob/d2d753f/packages/socket.io-client/lib/manager.ts',
    },
    graphqlWs,
    htmx,
    omi,
    dotnet,
  ],
  tryAgainLater: [
    registry,
    hybi9670,
    mdn,
    {
      title: 'capnproto/capnproto#2738',
      url: 'https://github.com/capnproto/capnproto/pull/2738',
    },
    omi,
    htmx,
    {
      title: 'theturtle32/WebSocket-Node#292',
      url: 'https://github.com/theturtle32/WebSocket-Node/issues/292',
    },
    {
      title: 'python-websockets/websockets#1141',
      url: 'https://github.com/python-websockets/websockets/issues/1141',
    },
  ],
  badGateway: [
    registry,
    hybi10748,
    mdn,
    graphqlWs,
    gorilla,
    dotnet,
    {
      title: 'tungstenite, coding.rs',
      url: 'https://github.com/snapview/tungstenite-rs/blob/c292171/src/protocol/frame/coding.rs',
    },
    { title: 'boostorg/beast#3099', url: 'https://github.com/boostorg/beast/pull/3099' },
    { title: 'websockets/ws#1682', url: 'https://github.com/websockets/ws/pull/1682' },
    {
      title: 'crossbario/autobahn-testsuite#88',
      url: 'https://github.com/crossbario/autobahn-testsuite/issues/88',
    },
  ],
  tlsHandshake: [
    rfc6455,
    registry,
    whatwg,
    chromium,
    {
      title: 'soketto, connection.rs',
      url: 'https://github.com/paritytech/soketto/blob/595d579/src/connection.rs',
    },
    {
      title: 'WebSocket-Node, WebSocketConnection.js',
      url: 'https://github.com/theturtle32/WebSocket-Node/blob/47067c9/lib/WebSocketConnection.js',
    },
  ],
  unauthorized: [
    registry,
    luka967,
    {
      title: 'twilio-samples/speech-assistant-openai-realtime-api-python#4',
      url: 'https://github.com/twilio-samples/speech-assistant-openai-realtime-api-python/issues/4',
    },
    {
      title: 'SockJS protocol',
      url: 'https://github.com/sockjs/sockjs-protocol/blob/fdf5b7d/sockjs-protocol.py',
    },
    centrifuge,
    {
      title: 'WebSocket++, close.hpp',
      url: 'https://github.com/zaphoyd/websocketpp/blob/4dfe1be/websocketpp/close.hpp',
    },
    uWebSockets,
  ],
  forbidden: [registry, luka967, uWebSockets],
  timeout: [registry, luka967, centrifuge],
}
