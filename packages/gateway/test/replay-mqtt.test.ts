import fc from 'fast-check'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { mqtt } from '../src/hold/replay/mqtt.ts'
import { Conversation } from './replay-conversation.ts'

/** As clients and brokers write it. */
function bytes(packet: Packet, version = 4): Buffer {
  return mqttPacket.generate(packet, { protocolVersion: version } as never)
}

/** What was said, in short words. */
function read(said: (string | Buffer)[], version = 4): string[] {
  const words: string[] = []
  const parser = mqttPacket.parser({ protocolVersion: version } as never)
  parser.on('packet', (packet: Packet) => words.push(inShort(packet)))
  parser.on('error', (error: Error) => words.push(String(error)))
  for (const one of said) parser.parse(one as Buffer)
  return words
}

function inShort(packet: Packet): string {
  switch (packet.cmd) {
    case 'connect':
      return `connect ${packet.clientId}${packet.clean ? ' clean' : ''}`
    case 'subscribe':
      return `subscribe ${packet.subscriptions.map(({ topic, qos }) => `${topic}:${qos}`).join(' ')}`
    case 'unsubscribe':
      return `unsubscribe ${packet.unsubscriptions.join(' ')}`
    case 'publish':
      return `publish ${packet.topic} ${packet.payload}${packet.dup ? ' dup' : ''}`
    case 'connack':
    case 'pingreq':
    case 'pingresp':
    case 'disconnect':
      return packet.cmd
    default:
      return `${packet.cmd} ${packet.messageId}`
  }
}

const connect = (more: object = {}, version = 4) =>
  bytes(
    {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: version,
      clean: true,
      clientId: 'me',
      keepalive: 60,
      ...more,
    } as Packet,
    version,
  )
const connack = (more: object = {}, version = 4) =>
  bytes({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false, ...more } as Packet, version)
const subscribe = (messageId: number, topic: string, qos: 0 | 1 | 2 = 0) =>
  bytes({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos }] })
const suback = (messageId: number, ...granted: number[]) =>
  bytes({ cmd: 'suback', messageId, granted } as Packet)
const unsubscribe = (messageId: number, topic: string) =>
  bytes({ cmd: 'unsubscribe', messageId, unsubscriptions: [topic] })
const unsuback = (messageId: number) => bytes({ cmd: 'unsuback', messageId } as Packet)
const publish = (payload: string, qos: 0 | 1 | 2 = 0, messageId?: number) =>
  bytes({ cmd: 'publish', topic: 'a', payload, qos, messageId, dup: false, retain: false } as Packet)
const ack = (cmd: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', messageId: number) =>
  bytes({ cmd, messageId } as Packet)
const pingreq = bytes({ cmd: 'pingreq' })
const pingresp = bytes({ cmd: 'pingresp' })

function opened(more: object = {}): Conversation {
  return new Conversation(mqtt).client(connect(more)).upstream(connack())
}

/** The packet identifiers of the SUBSCRIBEs that this upstream was sent. */
function idsOf(talk: Conversation): number[] {
  const ids: number[] = []
  const parser = mqttPacket.parser()
  parser.on('packet', (packet: Packet) => packet.cmd === 'subscribe' && ids.push(packet.messageId!))
  for (const one of talk.toUpstream) parser.parse(one as Buffer)
  return ids
}

/** The next broker answers what it was sent. */
function answer(talk: Conversation, granted = [0], sessionPresent = false): Conversation {
  talk.upstream(connack({ sessionPresent }))
  for (const id of idsOf(talk)) talk.upstream(suback(id, ...granted))
  return talk
}

test('the client is connected again, its live subscriptions are made again, and it sees nothing of that', () => {
  const talk = opened()
    .client(subscribe(1, 'a'), subscribe(2, 'b'))
    .upstream(suback(1, 0), suback(2, 0))
    .client(unsubscribe(3, 'b'))
    .upstream(unsuback(3))
  const before = talk.toClient.length
  talk.lose().client(publish('x')).attach()
  expect(read(talk.toUpstream)).toEqual(['connect me clean'])
  answer(talk).upstream(publish('y'))
  expect(read(talk.toUpstream)).toEqual(['connect me clean', 'subscribe a:0', 'publish a x'])
  expect(read(talk.toClient.slice(before))).toEqual(['publish a y'])
})

test('requests that were not acknowledged are sent again, and their answers reach the client', () => {
  const talk = opened().client(subscribe(1, 'a'), subscribe(2, 'b')).upstream(suback(1, 0))
  talk.client(unsubscribe(3, 'a')).restart().upstream(connack())
  expect(read(talk.toUpstream)).toEqual([
    'connect me clean',
    'subscribe a:0',
    'subscribe b:0',
    'unsubscribe a',
  ])
  const before = talk.toClient.length
  talk.upstream(suback(idsOf(talk)[0]!, 0), suback(2, 0), unsuback(3))
  expect(read(talk.toClient.slice(before))).toEqual(['suback 2', 'unsuback 3'])
  expect(read(talk.restart().upstream(connack()).toUpstream)).toEqual(['connect me clean', 'subscribe b:0'])
})

test('a client that has had no CONNACK gets the next one', () => {
  const talk = new Conversation(mqtt).client(connect(), subscribe(1, 'a')).restart()
  expect(read(talk.toUpstream)).toEqual(['connect me clean'])
  talk.upstream(connack())
  expect(read(talk.toUpstream)).toEqual(['connect me clean', 'subscribe a:0'])
  expect(read(talk.toClient)).toEqual(['connack'])
})

test('a PINGREQ that was in flight is answered', () => {
  const talk = opened().client(pingreq, pingreq).upstream(pingresp).restart()
  expect(read(talk.toClient)).toEqual(['connack', 'pingresp', 'pingresp'])
})

describe('in flight', () => {
  test('QoS 1 is sent again as a duplicate until it is acknowledged', () => {
    const talk = opened()
      .client(publish('x', 1, 1), publish('y', 1, 2))
      .upstream(ack('puback', 1))
    expect(read(talk.restart().upstream(connack()).toUpstream)).toEqual([
      'connect me clean',
      'publish a y dup',
    ])
    expect(read(talk.upstream(ack('puback', 2)).restart().upstream(connack()).toUpstream)).toEqual([
      'connect me clean',
    ])
  })

  const stages: [string, Buffer[], Buffer[], Buffer[], string[]][] = [
    ['PUBLISH', [publish('x', 2, 1)], [], [], ['publish a x dup']],
    ['PUBREC', [publish('x', 2, 1)], [ack('pubrec', 1)], [], []],
    ['PUBREL', [publish('x', 2, 1)], [ack('pubrec', 1)], [ack('pubrel', 1)], ['pubrel 1']],
    ['PUBREC of the client', [], [publish('x', 2, 1)], [ack('pubrec', 1)], []],
  ]
  test.each(stages)(
    'QoS 2 at its %s goes on where the broker has the session',
    (_, said, heard, then, again) => {
      const talk = opened({ clean: false })
        .client(...said)
        .upstream(...heard)
        .client(...then)
      talk.restart().upstream(connack({ sessionPresent: true }))
      expect(talk.letGo).toBeUndefined()
      expect(read(talk.toUpstream)).toEqual(['connect me', ...again])
    },
  )

  test.each(stages)('QoS 2 at its %s is for the client where the session is gone', (_, said, heard, then) => {
    const talk = opened()
      .client(...said)
      .upstream(...heard)
      .client(...then)
    expect(talk.restart().upstream(connack()).letGo).toMatch('QoS 2')
  })

  test('QoS 2 that is over does not matter', () => {
    const talk = opened()
      .client(publish('x', 2, 1))
      .upstream(ack('pubrec', 1), publish('y', 2, 9))
      .client(ack('pubrel', 1), ack('pubrec', 9))
      .upstream(ack('pubcomp', 1), ack('pubrel', 9))
      .client(ack('pubcomp', 9))
    expect(read(talk.restart().upstream(connack()).toUpstream)).toEqual(['connect me clean'])
  })
})

test('MQTT 5: the session is asked for, whatever Clean Start said; options and properties of a SUBSCRIBE are kept', () => {
  const properties = { subscriptionIdentifier: 7, userProperties: { a: 'b' } }
  const one = bytes(
    {
      cmd: 'subscribe',
      messageId: 1,
      properties,
      subscriptions: [{ topic: 'a', qos: 1, nl: true, rap: true, rh: 1 }],
    } as Packet,
    5,
  )
  const two = bytes({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'b', qos: 0 }] } as Packet, 5)
  const granted = (id: number, code: number) =>
    bytes({ cmd: 'suback', messageId: id, granted: [code] } as Packet, 5)
  const talk = new Conversation(mqtt)
    .client(connect({}, 5))
    .upstream(connack({ properties: { receiveMaximum: 20 } }, 5))
    .client(one, two)
    .upstream(granted(1, 1), granted(2, 0))
    .restart()
    .upstream(connack({ sessionPresent: true, properties: { receiveMaximum: 20 } }, 5))
  expect(read(talk.toUpstream, 5)).toEqual(['connect me', 'subscribe a:1', 'subscribe b:0'])
  const [, again] = talk.toUpstream as Buffer[]
  expect(again!.subarray(4)).toEqual(one.subarray(4))
})

test('no more than eight filters are subscribed to at once', () => {
  const talk = opened()
  for (let id = 1; id <= 20; id++) talk.client(subscribe(id, `t${id}`)).upstream(suback(id, 0))
  talk.restart().upstream(connack())
  const counts = read(talk.toUpstream)
    .slice(1)
    .map((word) => word.split(' ').length - 1)
  expect(counts).toEqual([8, 8, 4])
  expect(new Set(idsOf(talk)).size).toBe(3)
})

describe('lets go', () => {
  const v5 = (...packets: Buffer[]) =>
    new Conversation(mqtt)
      .client(connect({}, 5))
      .upstream(connack({}, 5))
      .client(...packets)
  const alias = {
    cmd: 'publish',
    topic: 'a',
    payload: 'x',
    qos: 0,
    dup: false,
    retain: false,
    properties: { topicAlias: 1 },
  }
  test.each<[string, () => Conversation, string]>([
    [
      'a will',
      () => opened({ will: { topic: 'a', payload: Buffer.from('x'), qos: 0, retain: false } }),
      'will',
    ],
    ['a topic alias', () => v5(bytes(alias as Packet, 5)), 'alias'],
    ['AUTH', () => v5(bytes({ cmd: 'auth', reasonCode: 0x18 } as Packet, 5)), 'type 15'],
    [
      'an authentication method',
      () => new Conversation(mqtt).client(connect({ properties: { authenticationMethod: 'x' } }, 5)),
      'AUTH',
    ],
    ['a second CONNECT', () => opened().client(connect()), 'second'],
    ['another protocol', () => new Conversation(mqtt).client(connect({ protocolId: 'MQIsdp' })), 'not known'],
    ['a text message', () => opened().client('x'), 'text'],
    ['what is not MQTT', () => opened().client(Buffer.from([0x30, 255, 255, 255, 255])), 'not MQTT'],
    ['an odd packet of the broker', () => opened().upstream(Buffer.from([0xf0, 0])), 'type 15'],
    [
      'a packet that is too long',
      () => opened().client(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x40])),
      'too long',
    ],
    [
      'DISCONNECT',
      () =>
        opened()
          .client(bytes({ cmd: 'disconnect' }))
          .restart(),
      'cannot restore',
    ],
    [
      'a packet of the broker that was cut in two',
      () => opened().upstream(publish('x').subarray(0, 4)).restart(),
      'cannot restore',
    ],
    [
      'a refusal',
      () =>
        opened()
          .restart()
          .upstream(connack({ returnCode: 5 })),
      'refuses',
    ],
    [
      'other terms',
      () =>
        v5()
          .restart()
          .upstream(connack({ properties: { maximumQoS: 1 } }, 5)),
      'other terms',
    ],
    [
      'a grant that is less',
      () =>
        answer(
          opened()
            .client(subscribe(1, 'a', 1))
            .upstream(suback(1, 1))
            .restart(),
          [0],
        ),
      'grants',
    ],
    [
      'a grant that is refused',
      () => answer(opened().client(subscribe(1, 'a')).upstream(suback(1, 0)).restart(), [128]),
      'grants',
    ],
  ])('of %s', (_, talk, why) => {
    expect(talk().letGo).toMatch(why)
  })

  test('of more than can be kept', () => {
    const talk = opened()
    for (let i = 1; i <= replayLimits.entries + 1; i++) talk.client(publish('x', 1, i))
    expect(talk.letGo).toMatch('4096 entries')
  })
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }),
      fc.boolean(),
      (messages, open) => {
        const talk = open ? opened() : new Conversation(mqtt)
        for (const one of messages) talk.client(Buffer.from(one)).upstream(Buffer.from(one))
        talk.restart().upstream(...messages.map((one) => Buffer.from(one)))
      },
    ),
  )
})

/** Cuts bytes into messages of any length. */
function pieces(all: Buffer[], cuts: number[]): Buffer[] {
  const whole = Buffer.concat(all)
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return places
    .slice(1)
    .map((to, i) => whole.subarray(places[i], to))
    .filter(({ length }) => length > 0)
}

const cuts = fc.oneof(
  fc.constant(Array.from({ length: 400 }, (_, i) => i)),
  fc.array(fc.nat(400), { maxLength: 8 }),
)

test('however packets are spread over messages, and wherever the client is cut by the restart, all is followed', () => {
  fc.assert(
    fc.property(cuts, cuts, cuts, fc.nat(60), fc.boolean(), (client, upstream, next, at, restless) => {
      const talk = new Conversation(mqtt, { restless })
      talk.client(...pieces([connect()], client)).upstream(...pieces([connack()], upstream))
      talk.client(...pieces([subscribe(1, 'a', 1), subscribe(2, 'b')], client))
      talk.upstream(...pieces([suback(1, 1), publish('x'), suback(2, 0)], upstream))
      const last = Buffer.concat([publish('hello', 1, 3), unsubscribe(4, 'b'), pingreq])
      const place = Math.min(at, last.length)
      talk.client(...pieces([last.subarray(0, place)], client))
      talk
        .lose()
        .client(...pieces([last.subarray(place)], client))
        .attach()
      talk.upstream(...pieces([connack(), publish('early')], next))
      talk.upstream(...pieces([...idsOf(talk).map((id) => suback(id, 1, 0)), publish('late')], next))
      expect(talk.letGo).toBeUndefined()
      const said = read(talk.toUpstream).map((word) => word.replace(' dup', ''))
      expect(said.slice(0, 2)).toEqual(['connect me clean', 'subscribe a:1 b:0'])
      // What was sent whole before the loss is sent again in the order of its kind; what was not, in its own.
      expect(new Set(said.slice(2).filter((word) => word !== 'pingreq'))).toEqual(
        new Set(['publish a hello', 'unsubscribe b']),
      )
      expect(said.filter((word) => word !== 'pingreq')).toHaveLength(4)
      const heard = read(talk.toClient).filter((word) => word !== 'pingresp')
      expect(heard).toEqual([
        'connack',
        'suback 1',
        'publish a x',
        'suback 2',
        'publish a early',
        'publish a late',
      ])
    }),
  )
})
