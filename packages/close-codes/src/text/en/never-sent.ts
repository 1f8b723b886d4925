import type { NeverSentText } from '../language.ts'

/** The codes of RFC 6455 that nobody may send: what a library tells its own application, and 1004. */
export const neverSent: NeverSentText = {
  reserved: {
    meaning: 'Reserved. It has no meaning.',
    says: 'This number means nothing.',
    description:
      'A hole in the table. Drafts of the protocol had "message too large" here, which became 1009; a few old texts still say so.',
    whenSeen: 'Practically never. A peer that sends it was written against a draft.',
    howToFix: ['Update the peer. If it is about size, the code is 1009.'],
    causes: ['Constants from a draft of the protocol.'],
    pitfalls: [
      'ws, gorilla/websocket, coder/websocket and .NET refuse it on receipt; Chromium and Firefox hand it to the page.',
    ],
    use: 'Never. If a draft made you think of size, send 1009.',
    retry: {
      registered: 'None.',
      practice: 'None: it is not used.',
      holdfast: 'It must not be sent, so a peer that sends it breaks the protocol, as with 1002.',
    },
  },
  noStatusReceived: {
    meaning: 'The Close frame of the peer held no code.',
    says: 'The peer closed, and gave no code.',
    description:
      'A marker for the own application, never sent. The peer closed properly, by a Close without a body, and the library fills in 1005 so that there is a number to look at.',
    whenSeen:
      'The peer called `close()` without arguments (Socket.IO and Tornado do), a page lost its last reference to a WebSocket, or a framework closes without a code.',
    howToFix: [
      'Pass a code to `close()` on the side that closes, so that the other side learns why.',
      'In a proxy, never forward 1005: close without a code instead.',
    ],
    causes: [
      '`close()` without arguments.',
      'A WebSocket object that was garbage-collected.',
      'A library that closes with an empty body.',
    ],
    pitfalls: [
      '`close(1005)` throws, in ws and in browsers; proxies that forwarded it have crashed.',
      '`wasClean` is true.',
      'Uvicorn tells the application 1005 when TCP was lost after the handshake, where 1006 would fit.',
    ],
    use: 'Never: the peer reads it when you call `close()` without a code. Pass one.',
    retry: {
      registered: 'None.',
      practice: 'Mixed: SocketCluster reconnects at once, sockette does not reconnect.',
      holdfast:
        'Nothing says that the end was wanted, so it is treated like a lost connection. The gateway forwards an empty Close as an empty Close.',
    },
  },
  abnormalClosure: {
    meaning: 'The connection ended without a Close frame.',
    says: 'The connection is gone, and nobody said why.',
    description:
      'A marker for the own application, never sent. TCP was cut, a process was killed, the handshake failed, or a proxy gave up. Browsers hide the cause on purpose, so that a page cannot probe the network around it.',
    whenSeen:
      'Idle timeouts of load balancers, a crash or `kill -9`, `terminate()` in ws, a change of network, a laptop asleep, an nginx reload, a DNS or TLS failure, an HTTP answer to the upgrade (401, 403, 404, 502, 503), mixed content, a content security policy.',
    howToFix: [
      'Look outside the script: the network tab of the browser shows the HTTP status of a failed upgrade.',
      'Repeat the upgrade with `curl -i` or `wscat`, which show what a browser hides.',
      'Read the logs of the server and of every proxy at that second.',
      'If it comes after the same idle time every time, send pings more often than the shortest timeout on the way, or raise that timeout.',
      'On the server, send a Close before you exit.',
    ],
    causes: [
      'The opening handshake failed.',
      'An idle or read timeout of a proxy.',
      'The process crashed or was killed.',
      'The network was lost.',
      'TLS failed; browsers never say 1015.',
      'The server ended TCP without a Close.',
    ],
    pitfalls: [
      'A page sees 1006 with an empty reason for a refused port, an unknown name, a TLS failure, an answer other than 101 and a cut alike.',
      'Never forward it: ws throws. Say 1014 or 1011, or close without a code.',
      'uWebSockets reports it also for a proper Close whose code it refuses (1012-3999).',
      'Chromium waits up to 60 s for the answer to its own Close before it reports 1006.',
    ],
    use: 'Never: the peer reads it when you end TCP without a Close. Say first why you end.',
    retry: {
      registered:
        'RFC 6455 section 7.2.3: the first attempt after a random delay, of which 0-5 s is called reasonable, then truncated binary exponential backoff.',
      practice:
        'From at once to some seconds. Many helpers have no jitter, so that all their clients reconnect together.',
      holdfast:
        'Follows the RFC. The gateway exists to make this code rare: behind it a lost upstream reaches the client as 1014, with the cause in the reason.',
    },
  },
  tlsHandshake: {
    meaning: 'The TLS handshake failed.',
    says: 'TLS failed before we could speak.',
    description:
      'A marker for the own application, never sent: `wss://` failed before the first byte of WebSocket.',
    whenSeen: 'Hardly ever. Browsers do not use it and report 1006; a few native libraries have it.',
    howToFix: [
      'Run `openssl s_client -connect HOST:443 -servername HOST` and read the error.',
      'Check expiry, chain, host name and protocol versions of the certificate and the server, and the clock of the client.',
      'Look for a company proxy or a virus scanner that intercepts TLS.',
    ],
    causes: [
      'A certificate that is expired or self-signed.',
      'A certificate for another name.',
      'Interception of TLS on the way.',
      'No TLS version in common.',
    ],
    pitfalls: [
      'A peer can put it on the wire by mistake: Chromium fails such a frame; Firefox, WebSocket-Node and soketto take it.',
    ],
    use: 'Never: before TLS stands there is nothing to send it on.',
    retry: {
      registered: 'None.',
      practice: 'Do not reconnect until the certificate or the settings are corrected.',
      holdfast:
        'Certificates are renewed and captive portals pass while a client waits, and with backoff the attempts cost little: treated like a lost connection.',
    },
  },
}
