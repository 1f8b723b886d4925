/** What an implementation does with a code in a Close frame that it receives: hand it on, or fail as 1002 does. */
export type Receipt = 'accepts' | 'rejects' | 'unknown'

/** Which of the newer codes an implementation takes on receipt. */
export interface ReceiveSupport {
  /** The key of its note in the texts, where it has one. */
  readonly id: string
  /** Name of the library, browser or server. */
  readonly implementation: string
  /** What it does with 1012. */
  readonly serviceRestart: Receipt
  /** What it does with 1013. */
  readonly tryAgainLater: Receipt
  /** What it does with 1014. */
  readonly badGateway: Receipt
  /** What it does with codes from 3000 to 3999. */
  readonly registered: Receipt
  /** Close codes of RFC 6455 that it refuses on receipt, where there are such. */
  readonly refusesToo?: readonly number[]
  /** The file of its source that decides, at the commit that was read. */
  readonly source: string
}

type Receipts = Pick<ReceiveSupport, 'serviceRestart' | 'tryAgainLater' | 'badGateway' | 'registered'>

const takesAll: Receipts = {
  serviceRestart: 'accepts',
  tryAgainLater: 'accepts',
  badGateway: 'accepts',
  registered: 'accepts',
}
const refuses1014: Receipts = { ...takesAll, badGateway: 'rejects' }
/** 1012, 1013 and 1014. */
const refusesNewer: Receipts = { ...refuses1014, serviceRestart: 'rejects', tryAgainLater: 'rejects' }

/**
 * What 36 implementations do when they receive 1012, 1013, 1014 or 3000-3999, read in their source or, where that is only
 * the repository, seen on the wire on 2026-11-28. All take the
 * codes of RFC 6455, but for what `refusesToo` says. The test suite that most libraries were built against listed 1012
 * and 1013 as invalid until February 2016 and 1014 until August 2018, so a library that passed it had to
 * refuse them.
 */
export const receiveSupport: readonly ReceiveSupport[] = [
  {
    id: 'chromium',
    implementation: 'Chromium',
    ...takesAll,
    source: 'https://github.com/chromium/chromium/blob/017c1ba/net/websockets/websocket_channel.cc',
  },
  {
    id: 'firefox',
    implementation: 'Firefox',
    ...takesAll,
    source: 'https://searchfox.org/mozilla-central/source/netwerk/protocol/websocket/WebSocketChannel.cpp',
  },
  {
    id: 'ws',
    implementation: 'ws (Node)',
    ...takesAll,
    source: 'https://github.com/websockets/ws/blob/a2f4e7c/lib/validation.js',
  },
  {
    id: 'undici',
    implementation: 'Node WebSocket (undici)',
    ...takesAll,
    source: 'https://github.com/nodejs/undici/blob/7eb7c8e/lib/web/websocket/util.js',
  },
  {
    id: 'websockets',
    implementation: 'websockets (Python)',
    ...takesAll,
    source: 'https://github.com/python-websockets/websockets/blob/04e599c/src/websockets/frames.py',
  },
  {
    id: 'aiohttp',
    implementation: 'aiohttp (Python)',
    ...takesAll,
    source: 'https://github.com/aio-libs/aiohttp/blob/495e778/aiohttp/_websocket/reader_py.py',
  },
  {
    id: 'websocket-client',
    implementation: 'websocket-client (Python)',
    ...takesAll,
    source: 'https://github.com/websocket-client/websocket-client/blob/e46a8fe/websocket/_abnf.py',
  },
  {
    id: 'tornado',
    implementation: 'Tornado (Python)',
    ...takesAll,
    source: 'https://github.com/tornadoweb/tornado/blob/e530031/tornado/websocket.py',
  },
  {
    id: 'wsproto',
    implementation: 'wsproto (Python: Hypercorn, Uvicorn)',
    ...refuses1014,
    source: 'https://github.com/python-hyper/wsproto/blob/c9536ed/src/wsproto/frame_protocol.py',
  },
  {
    id: 'autobahn',
    implementation: 'Autobahn (Python: Daphne)',
    ...refuses1014,
    source: 'https://github.com/crossbario/autobahn-python/blob/e9eebbe/src/autobahn/websocket/protocol.py',
  },
  {
    id: 'gorilla',
    implementation: 'gorilla/websocket (Go)',
    ...refuses1014,
    source: 'https://github.com/gorilla/websocket/blob/e064f32/conn.go',
  },
  {
    id: 'coder',
    implementation: 'coder/websocket (Go)',
    ...takesAll,
    source: 'https://github.com/coder/websocket/blob/9c8faad/close.go',
  },
  {
    id: 'gobwas',
    implementation: 'gobwas/ws (Go)',
    ...refusesNewer,
    source: 'https://github.com/gobwas/ws/blob/6ee0554/check.go',
  },
  {
    id: 'tungstenite',
    implementation: 'tungstenite (Rust: axum, tokio)',
    ...refuses1014,
    source: 'https://github.com/snapview/tungstenite-rs/blob/c292171/src/protocol/frame/coding.rs',
  },
  {
    id: 'soketto',
    implementation: 'soketto (Rust)',
    ...refuses1014,
    source: 'https://github.com/paritytech/soketto/blob/595d579/src/connection.rs',
  },
  {
    id: 'dotnet',
    implementation: '.NET',
    ...takesAll,
    source: 'https://github.com/dotnet/runtime/pull/83827',
  },
  {
    id: 'jdk',
    implementation: 'HttpClient (Java)',
    ...takesAll,
    refusesToo: [1010],
    source:
      'https://github.com/openjdk/jdk/blob/master/src/java.net.http/share/classes/jdk/internal/net/http/websocket/StatusCodes.java',
  },
  {
    id: 'java-websocket',
    implementation: 'Java-WebSocket (Java)',
    ...takesAll,
    source:
      'https://github.com/TooTallNate/Java-WebSocket/blob/afeacbf/src/main/java/org/java_websocket/framing/CloseFrame.java',
  },
  {
    id: 'netty',
    implementation: 'Netty (Java: Reactor, Vert.x)',
    ...takesAll,
    source: 'https://github.com/netty/netty/pull/8664',
  },
  {
    id: 'okhttp',
    implementation: 'OkHttp (Java, Android)',
    ...takesAll,
    source:
      'https://github.com/square/okhttp/blob/1682d9b/okhttp/src/commonJvmAndroid/kotlin/okhttp3/internal/ws/WebSocketProtocol.kt',
  },
  {
    id: 'cowlib',
    implementation: 'cowlib (Erlang: Cowboy, Gun)',
    ...refusesNewer,
    source: 'https://github.com/ninenines/cowlib/blob/ae75c4d/src/cow_ws.erl',
  },
  {
    id: 'bandit',
    implementation: 'Bandit (Elixir)',
    ...takesAll,
    source: 'https://github.com/mtrudel/bandit/blob/e022cd3/lib/bandit/websocket/connection.ex',
  },
  {
    id: 'uwebsockets',
    implementation: 'uWebSockets (C++)',
    serviceRestart: 'rejects',
    tryAgainLater: 'rejects',
    badGateway: 'rejects',
    registered: 'rejects',
    source: 'https://github.com/uNetworking/uWebSockets/blob/66dcff3/src/WebSocketProtocol.h',
  },
  {
    id: 'libwebsockets-server',
    implementation: 'libwebsockets server (C)',
    ...refusesNewer,
    source: 'https://github.com/warmcat/libwebsockets/blob/1e96753/lib/roles/ws/ops-ws.c',
  },
  {
    id: 'libwebsockets-client',
    implementation: 'libwebsockets client (C)',
    ...takesAll,
    source: 'https://github.com/warmcat/libwebsockets/blob/1e96753/lib/roles/ws/client-parser-ws.c',
  },
  {
    id: 'beast',
    implementation: 'Boost.Beast (C++)',
    ...refuses1014,
    source: 'https://github.com/boostorg/beast/blob/7c1e061/include/boost/beast/websocket/detail/frame.hpp',
  },
  {
    id: 'websocketpp',
    implementation: 'WebSocket++ (C++)',
    ...takesAll,
    source: 'https://github.com/zaphoyd/websocketpp/blob/4dfe1be/websocketpp/close.hpp',
  },
  {
    id: 'starscream',
    implementation: 'Starscream (Swift)',
    ...refuses1014,
    source: 'https://github.com/daltoniam/Starscream/blob/c6bfd1a/Sources/Framer/Framer.swift',
  },
  {
    id: 'websocket-node',
    implementation: 'WebSocket-Node (Node)',
    ...takesAll,
    source: 'https://github.com/theturtle32/WebSocket-Node/blob/47067c9/lib/WebSocketConnection.js',
  },
  {
    id: 'dart',
    implementation: 'dart:io (Dart)',
    ...takesAll,
    source: 'https://github.com/dart-lang/sdk/blob/main/sdk/lib/_http/websocket_impl.dart',
  },
  {
    id: 'deno',
    implementation: 'Deno',
    ...refuses1014,
    source: 'https://github.com/denoland/fastwebsockets',
  },
  {
    id: 'bun',
    implementation: 'Bun',
    ...takesAll,
    source: 'https://github.com/oven-sh/bun',
  },
  {
    id: 'websocket-driver',
    implementation: 'websocket-driver (faye-websocket for Node and Ruby, Rails)',
    ...refusesNewer,
    source: 'https://github.com/faye/websocket-driver-node',
  },
  {
    id: 'libsoup',
    implementation: 'libsoup 2 and 3 (GNOME, WebKitGTK)',
    ...refusesNewer,
    source: 'https://gitlab.gnome.org/GNOME/libsoup',
  },
  {
    id: 'qt',
    implementation: 'Qt 5 QWebSocket (C++)',
    ...refusesNewer,
    source: 'https://code.qt.io/cgit/qt/qtwebsockets.git',
  },
  {
    id: 'jetty',
    implementation: 'Jetty 9.4 (Java)',
    ...takesAll,
    source: 'https://github.com/jetty/jetty.project',
  },
]
