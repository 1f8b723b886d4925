import type { ComparisonText } from '../comparison-text.ts'

export const comparison: ComparisonText = {
  title: '{a} and {b}',
  differences: 'Key differences',
  common: 'In common',
  choice: 'Which to use when',
  join: '{a}; {b}.',

  sender: {
    anyone: '{n} may come from either end, or from a gateway between them',
    ends: '{n} comes from one of the two ends, never from a gateway',
    client: '{n} comes from clients only',
    server: '{n} comes from the server or from a gateway in front of it',
    gateway: '{n} comes from gateways only',
    nobody: 'nobody sends {n}',
  },
  occasion: {
    planned: '{n} is planned',
    overload: '{n} tells of too much load',
    refusal: '{n} is a refusal',
    fault: '{n} reports a fault',
    untold: '{n} does not tell why',
  },
  mend: {
    nothing: 'after {n} there is nothing to fix',
    sender: 'after {n} look at the side that sent the Close',
    receiver: 'after {n} look at the side that received the Close',
    credentials: 'after {n} look at the client and its credentials',
    rights: 'after {n} look at the rights that the server grants to the client',
    server: 'after {n} look at the server',
    upstream: 'after {n} look behind the gateway, at the upstream and the way to it',
    tls: 'after {n} look at the certificate and the TLS settings',
    anywhere: '{n} leaves open where to look: the server, the network, any proxy between',
  },
  wire: {
    code: '{n} is sent in a Close frame',
    'empty-close': 'with {n} a Close frame without a code is sent (`wasClean` is true)',
    'no-close': 'with {n} no Close frame is sent, the connection just ends (`wasClean` is false)',
    'no-handshake': 'with {n} nothing is sent, because no connection was established',
    forbidden: '{n} must not be sent',
  },
  script: {
    yes: 'a script in a browser may send {n}',
    no: 'a script in a browser can receive {n} but not send it',
  },
  comeBack: {
    stop: 'after {n} a client does not reconnect until something has changed',
    reconnect: 'after {n} a client reconnects, first after a random {span}, later up to {cap} apart',
    delays:
      'A client reconnects after both: after {a} it first waits a random {spanA}, after {b} a random {spanB}; later attempts are up to {cap} apart.',
    delaysAndCaps:
      'A client reconnects after both: after {a} it first waits a random {spanA}, and later up to {capA}; after {b} {spanB}, and later up to {capB}.',
  },
  asked: {
    registration: 'the post behind the registration of {n} asks for a random {span}',
    rfc: 'for {n} RFC 6455 suggests a random {span}',
    elsewhere:
      'the post behind the registration of {n} sends the client to another address, and to the same one only when the user asks for it',
    nothing: '{n} was registered without a delay',
  },
  http: {
    some: '{n} corresponds to HTTP {list}',
    none: '{n} has no HTTP equivalent',
    pair: 'In terms of HTTP, {a} would be {listA}, and {b} would be {listB}.',
  },
  support: {
    refused: '{n} is in RFC 6455, yet {refusing} of {of} implementations refuses it',
    standard: '{n} is in RFC 6455, and every implementation takes it',
    later: '{n} was registered later, and is refused by {refusing} of {of} implementations',
    pair: 'Both were registered after RFC 6455: {a} is refused by {refusingA} of {of} implementations, {b} by {refusingB}.',
  },

  both: {
    sender: {
      anyone: 'Both may come from either end, or from a gateway between them.',
      ends: 'Both come from one of the two ends, never from a gateway.',
      server: 'Both come from the server or from a gateway in front of it.',
      nobody: 'Nobody sends either of them.',
    },
    occasion: {
      planned: 'Both are planned.',
      refusal: 'Both are refusals.',
      fault: 'Both report a fault.',
      untold: 'Neither tells why.',
    },
    mend: {
      nothing: 'Nothing needs fixing after either.',
      sender: 'After both look at the side that sent the Close.',
      receiver: 'After both look at the side that received the Close.',
      server: 'After both look at the server.',
    },
    comeBack: {
      stop: 'After both a client does not reconnect until something has changed.',
      reconnect: 'After both a client reconnects, first after a random {span}, later up to {cap} apart.',
    },
    script: {
      yes: 'A script in a browser may send both.',
      no: 'A script in a browser can receive both but send neither.',
    },
    http: {
      some: 'Both correspond to HTTP {list}.',
      none: 'Neither has an HTTP equivalent.',
    },
    support: {
      standard: 'Both are in RFC 6455, and every implementation takes them.',
      later:
        'Both were registered after RFC 6455, and each is refused by {refusing} of {of} implementations.',
    },
  },
  notes: {
    narrower: '{x} says more than {y}: wherever it is true, prefer it.',
    narrowerButRefused:
      '{x} says more than {y}: wherever it is true, prefer it. Where the receiver refuses {x}, {y} is the next best.',
    oneEvent:
      'When {y} follows {x} closely, both describe one event: the server behind the gateway has gone, and its successor does not listen yet.',
    strands:
      'A server that shuts down with {x} leaves its clients disconnected: most take it for final. For a shutdown send {y}.',
    earlyReturn:
      'Reconnecting too early costs one more attempt after {x}; after {y} it prolongs the overload.',
    bothSides:
      'When an upstream breaks the protocol, a gateway says both: {x} to the upstream, and {y} to the client, which did nothing wrong.',
    hiddenStatus:
      'Before the upgrade, what {y} means is HTTP {http}, and a page sees only {x}. In a Close the page sees the code and the reason.',
    unsaid: 'Whoever leaves without a Close leaves the peer with {x}, even where {y} was meant.',
    diedFirst: 'A process that dies before it can say {y} leaves its peers with {x}.',
    noNumber: 'Whoever means {y} but calls `close()` without a code leaves the peer with {x}.',
    refusedAs:
      'Where a library refuses {y}, as {refusing} of {of} do, its application sees 1002 or 1006 in its place.',
    hiddenTls: 'A browser never reports {x}: for a page a failed TLS handshake is {y} like any other loss.',
  },
}
