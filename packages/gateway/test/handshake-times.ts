/**
 * Milliseconds that client libraries give a handshake that nobody answers, and whether they make another afterwards:
 * measured on Node 20.20 by `node bench/handshake-times.mjs` with a server that accepts and is silent, for 75 s; the least of
 * each. Absent: none was broken off in that time.
 */
export const handshakeTimes: { library: string; gives?: number; comesBack?: boolean }[] = [
  { library: '@azure/web-pubsub-client 1.0.4' },
  { library: '@hocuspocus/provider 4.8.0' },
  { library: '@holdfast/client', gives: 10_000, comesBack: true },
  { library: '@microsoft/signalr 10.0.11' },
  { library: '@nats-io/nats-core 3.4.0', gives: 19_806, comesBack: false },
  { library: '@polkadot/rpc-provider 16.5.6' },
  { library: '@rails/actioncable 8.1.400' },
  { library: '@stomp/stompjs 7.5.0' },
  { library: '@supabase/realtime-js 2.109.0' },
  { library: '@trpc/client 11.25.2' },
  { library: '@vueuse/core 14.4.0' },
  { library: 'ably 2.28.0', gives: 9_605, comesBack: true },
  { library: 'autobahn 22.11.1' },
  { library: 'centrifuge 5.8.0', gives: 5_005, comesBack: true },
  { library: 'graphql-ws 6.4.2' },
  { library: 'home-assistant-js-websocket 9.7.0', gives: 10_389, comesBack: false },
  { library: 'mqtt 5.16.0', gives: 31_914, comesBack: true },
  { library: 'nats.ws 1.30.3' },
  { library: 'partysocket 1.3.0', gives: 4_003, comesBack: true },
  { library: 'phoenix 1.8.16' },
  { library: 'pusher-js 8.6.0', gives: 14_372, comesBack: true },
  { library: 'reconnecting-websocket 4.4.0', gives: 4_006, comesBack: true },
  { library: 'rpc-websockets 10.0.1' },
  { library: 'rxjs 7.8.2' },
  { library: 'socket.io-client 4.8.4', gives: 20_061, comesBack: true },
  { library: 'socketcluster-client 20.0.2', gives: 20_012, comesBack: true },
  { library: 'sockette 2.0.6' },
  // A second at first, and more each time.
  { library: 'subscriptions-transport-ws 0.11.0', gives: 1_154, comesBack: true },
  { library: 'viem 2.57.20' },
  { library: 'websocket-ts 2.3.0' },
  { library: 'y-websocket 3.1.0' },
]
