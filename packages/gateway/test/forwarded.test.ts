import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endToEnd, isLookAlike } from '../src/http/field-names.ts'
import { clientAddress, forwardHeaders, trustProxies } from '../src/http/forwarded.ts'
import { plainNode, readForwarded } from '../src/http/forwarded-elements.ts'
import type { HeaderList } from '../src/http/headers.ts'
import { values } from '../src/http/headers.ts'

const octet = fc.integer({ min: 0, max: 255 })
const ipv4 = fc.tuple(octet, octet, octet, octet).map((bytes) => bytes.join('.'))
const ipv6 = fc.ipV6().filter((address) => !/ffff/i.test(address))
const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

describe('trustProxies', () => {
  test('agrees with arithmetic on IPv4 ranges, whether the address comes as IPv4 or mapped', () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), ipv4, fc.boolean(), (base, prefix, other, near) => {
        const address = near ? base.replace(/\d+$/, '77') : other
        const size = 2 ** (32 - prefix)
        const inside = Math.floor(toNumber(base) / size) === Math.floor(toNumber(address) / size)
        const hex = toNumber(address).toString(16).padStart(8, '0')
        const trusted = trustProxies([`${base}/${prefix}`])
        expect(trusted(address)).toBe(inside)
        expect(trusted(`::ffff:${address}`)).toBe(inside)
        expect(trusted(`0:0:0:0:0:FFFF:${hex.slice(0, 4)}:${hex.slice(4)}`)).toBe(inside)
      }),
    )
  })

  test('takes a mapped range as the IPv4 range that it is', () => {
    const trusted = trustProxies(['::ffff:10.0.0.0/104'])
    expect(['10.1.2.3', '::ffff:10.1.2.3', '11.0.0.1', '::1'].map(trusted)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('knows IPv6 ranges, and ignores zones', () => {
    const trusted = trustProxies(['fe80::/10', '2001:db8::1'])
    expect(['fe80::1%eth0', '2001:DB8:0::1', '2001:db8::2'].map(trusted)).toEqual([true, true, false])
  })

  test('trusts nothing that is no address', () => {
    const trusted = trustProxies(['0.0.0.0/0', '::/0'])
    expect(['', 'unknown', '1.2.3', '1.2.3.4.5', '::g'].map(trusted)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })

  test.each(['', '10.0.0.0/33', '::/129', 'example.com', '10.0.0.0/', '10.0.0.0/a', '::ffff:10.0.0.0/95'])(
    'refuses %o',
    (range) => {
      expect(() => trustProxies([range])).toThrow(RangeError)
    },
  )
})

describe('clientAddress', () => {
  const trusted = trustProxies(['10.0.0.0/8', 'fd00::/8'])
  test.each([
    ['6.6.6.6', ['1.2.3.4'], '6.6.6.6'],
    ['10.0.0.1', ['1.2.3.4'], '1.2.3.4'],
    ['::ffff:10.0.0.1', ['1.2.3.4'], '1.2.3.4'],
    ['10.0.0.1', ['9.9.9.9, 1.2.3.4', '10.0.0.2,,'], '1.2.3.4'],
    ['10.0.0.1', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['10.0.0.1', [], '10.0.0.1'],
    ['10.0.0.1', ['1.2.3.4, unknown'], '10.0.0.1'],
    ['10.0.0.1', ['1.2.3.4:5678'], '1.2.3.4'],
    ['fd00::1', ['[2001:db8::1]:443'], '2001:db8::1'],
    ['fd00::1', ['2001:db8::1'], '2001:db8::1'],
  ])('of peer %s with X-Forwarded-For %o is %s', (peer, fields, address) => {
    const headers = fields.map((value): [string, string] => ['X-Forwarded-For', value])
    expect(clientAddress(peer, headers, trusted)).toBe(address)
  })

  test('is never one that the client made up: only what a trusted proxy wrote counts', () => {
    const lies = fc.string().map((text) => text.replace(/[\r\n]/g, ''))
    fc.assert(
      fc.property(
        lies,
        ipv4,
        fc.array(ipv4.map((address) => address.replace(/^\d+/, '10'))),
        (lie, client, proxies) => {
          fc.pre(!client.startsWith('10.'))
          const [last = '10.0.0.1', ...before] = proxies
          const field = [lie, client, ...before].join(', ')
          expect(clientAddress(last, [['x-forwarded-for', field]], trusted)).toBe(client)
        },
      ),
    )
  })
})

describe('forwardHeaders', () => {
  const sent: HeaderList = [
    ['x-forwarded-for', '1.2.3.4'],
    ['Cookie', 'a=1'],
    ['X-Forwarded-Proto', 'https'],
    ['X-FORWARDED-HOST', 'chat.example.com'],
    ['X-Forwarded-Port', '443'],
    ['X-Real-IP', '1.2.3.4'],
    ['forwarded', 'for=1.2.3.4'],
  ]

  test('drops what a stranger says about the way', () => {
    expect(
      forwardHeaders(sent, { peer: '6.6.6.6', tls: false, authority: 'a.example' }, () => false),
    ).toEqual([
      ['Cookie', 'a=1'],
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Host', 'a.example'],
      ['Forwarded', 'for=6.6.6.6;host=a.example;proto=http'],
    ])
  })

  test('goes on with what a trusted proxy says', () => {
    expect(forwardHeaders(sent, { peer: '10.0.0.1', tls: false, authority: 'inner' }, () => true)).toEqual([
      ['Cookie', 'a=1'],
      ['X-Forwarded-Port', '443'],
      ['X-Real-IP', '1.2.3.4'],
      ['X-Forwarded-For', '1.2.3.4, 10.0.0.1'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'chat.example.com'],
      ['Forwarded', 'for=1.2.3.4;host=chat.example.com;proto=https, for=10.0.0.1'],
    ])
  })

  const told = (headers: HeaderList, trusted = true) => {
    const out = forwardHeaders(headers, { peer: '10.0.0.1', tls: false, authority: 'inner' }, () => trusted)
    return Object.fromEntries(out)
  }

  test.each<[string, HeaderList, string, string, string]>([
    ['nothing', [], '10.0.0.1', 'http', 'inner'],
    [
      'X-Forwarded-For',
      [['X-Forwarded-For', '1.2.3.4, 5.6.7.8']],
      '1.2.3.4, 5.6.7.8, 10.0.0.1',
      'http',
      'inner',
    ],
    ['X-Forwarded-Proto', [['X-Forwarded-Proto', 'https, http']], '10.0.0.1', 'https', 'inner'],
    [
      'X-Forwarded-* and a Forwarded of the client',
      [
        ['X-Forwarded-For', '1.2.3.4'],
        ['X-Forwarded-Proto', 'https'],
        ['Forwarded', 'for=6.6.6.6;proto=gopher;host=evil'],
      ],
      '1.2.3.4, 10.0.0.1',
      'https',
      'inner',
    ],
    [
      'Forwarded',
      [['Forwarded', 'for="[2001:db8::1]";proto=https;host="a:1", for="5.6.7.8:90"']],
      '2001:db8::1, 5.6.7.8:90, 10.0.0.1',
      'https',
      'a:1',
    ],
    [
      'two lines of Forwarded',
      [
        ['Forwarded', 'For=1.2.3.4'],
        ['Forwarded', 'for=_hidden;proto=https'],
      ],
      '1.2.3.4, _hidden, 10.0.0.1',
      'https',
      'inner',
    ],
    ['a Forwarded that is none', [['Forwarded', 'for=1.2.3.4;;x']], '10.0.0.1', 'http', 'inner'],
    [
      'words in place of addresses',
      [['X-Forwarded-For', 'a b, 1.2.3.4']],
      'unknown, 1.2.3.4, 10.0.0.1',
      'http',
      'inner',
    ],
  ])('says the same four times when a trusted proxy says %s', (_, headers, nodes, proto, host) => {
    const fields = told(headers)
    expect(fields).toMatchObject({
      'X-Forwarded-For': nodes,
      'X-Forwarded-Proto': proto,
      'X-Forwarded-Host': host,
    })
    const [first, ...more] = readForwarded(fields.Forwarded!)!
    expect(first).toMatchObject({ proto, host })
    expect([first, ...more].map((element) => plainNode(element!.for!))).toEqual(nodes.split(', '))
    expect(more.every((element) => element.proto === undefined && element.host === undefined)).toBe(true)
  })

  test.each<[string, HeaderList, string, string, string]>([
    [
      'Forwarded',
      [['Forwarded', 'for=6.6.6.6;proto=gopher;host=evil, for=1.2.3.4;proto=https;host=a.example']],
      '6.6.6.6, 1.2.3.4, 10.0.0.1',
      'https',
      'a.example',
    ],
    [
      'Forwarded, to a second proxy that says less',
      [
        ['Forwarded', 'for=6.6.6.6;proto=gopher;host=evil'],
        ['Forwarded', 'for=1.2.3.4;proto=https;host=a.example, for=10.0.0.2'],
      ],
      '6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.1',
      'https',
      'a.example',
    ],
    [
      'Forwarded, whose proxy says the address alone',
      [['Forwarded', 'for=6.6.6.6;proto=gopher;host=evil, for=1.2.3.4']],
      '6.6.6.6, 1.2.3.4, 10.0.0.1',
      'http',
      'inner',
    ],
    [
      'what is no Forwarded at all',
      [['Forwarded', 'for="6.6.6.6;;, x, for=1.2.3.4;proto=https;host="a.example:1"']],
      '1.2.3.4, 10.0.0.1',
      'https',
      'a.example:1',
    ],
    [
      'an element that says a thing twice',
      [['Forwarded', 'for=6.6.6.6;for=7.7.7.7, for=1.2.3.4']],
      '1.2.3.4, 10.0.0.1',
      'http',
      'inner',
    ],
    [
      'X-Forwarded-*, to which the proxies add',
      [
        ['X-Forwarded-For', '6.6.6.6, 1.2.3.4, 10.0.0.2'],
        ['X-Forwarded-Proto', 'gopher, https, http'],
        ['X-Forwarded-Host', 'evil, a.example, inner'],
      ],
      '6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.1',
      'https',
      'a.example',
    ],
    [
      'X-Forwarded-For, where the proxies replace the others',
      [
        ['X-Forwarded-For', '6.6.6.6, 1.2.3.4, 10.0.0.2'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Host', 'a.example'],
      ],
      '6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.1',
      'https',
      'a.example',
    ],
  ])('believes no protocol and no host that the client made up: %s', (_, headers, nodes, proto, host) => {
    const trusted = trustProxies(['10.0.0.0/8'])
    const out = forwardHeaders(headers, { peer: '10.0.0.1', tls: false, authority: 'inner' }, trusted)
    expect(Object.fromEntries(out)).toMatchObject({
      'X-Forwarded-For': nodes,
      'X-Forwarded-Proto': proto,
      'X-Forwarded-Host': host,
    })
    expect(readForwarded(values(out, 'forwarded')[0]!)![0]).toMatchObject({ proto, host })
    expect(clientAddress('10.0.0.1', headers, trusted)).toBe('1.2.3.4')
  })

  test('knows the client behind a proxy that adds to Forwarded, whatever the client sent', () => {
    const trusted = trustProxies(['10.0.0.0/8'])
    const piece = fc.constantFrom('"', '\\', ',', ';', '=', 'for', 'for=10.9.9.9', ' ', 'x', '[::1]', '_a')
    const lie = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
    const host = fc.constantFrom('', ';host=a', ';host="a:1"', ';host="a,b, c"')
    fc.assert(
      fc.property(lie, ipv4, host, fc.boolean(), (made, client, at, line) => {
        fc.pre(!client.startsWith('10.'))
        const own = `for=${client}${at};proto=https`
        const headers: HeaderList = line
          ? [
              ['Forwarded', made],
              ['forwarded', own],
            ]
          : [['Forwarded', `${made}, ${own}`]]
        expect(clientAddress('10.0.0.1', headers, trusted)).toBe(client)
        const out = Object.fromEntries(
          forwardHeaders(headers, { peer: '10.0.0.1', tls: false, authority: 'b' }, trusted),
        )
        expect(out['X-Forwarded-Proto']).toBe('https')
      }),
    )
  })

  test('says the same four times whatever comes, from whomever', () => {
    const node = fc.oneof(
      ipv4,
      ipv6,
      fc.constantFrom('unknown', '_x', '', '"', '[::1]:80', '1.2.3.4:5', 'a;b'),
    )
    const list = fc.array(node, { maxLength: 4 }).map((nodes) => nodes.join(', '))
    const proto = fc.constantFrom('https', 'http', 'https, http', '', 'h t', 'wss')
    const host = fc.constantFrom('a.example', 'a.example:8443, b', '[::1]:80', '', '"', 'a\\b')
    const forwarded = fc.constantFrom(
      '',
      'for=6.6.6.6;proto=gopher',
      'for="[::1]:80";host="x\\"y", by=_a',
      ';',
      'for',
    )
    const fields = fc.tuple(list, proto, host, forwarded).map(
      ([a, b, c, d]): HeaderList => [
        ['X-Forwarded-For', a],
        ['X-Forwarded-Proto', b],
        ['X-Forwarded-Host', c],
        ['Forwarded', d],
      ],
    )
    fc.assert(
      fc.property(fields, fc.subarray([0, 1, 2, 3]), fc.boolean(), (headers, chosen, trusted) => {
        const out = told(
          chosen.map((index) => headers[index]!),
          trusted,
        )
        const elements = readForwarded(out.Forwarded!)!
        expect(elements.map((element) => plainNode(element.for!))).toEqual(
          out['X-Forwarded-For']!.split(', '),
        )
        expect(elements[0]).toMatchObject({ proto: out['X-Forwarded-Proto'], host: out['X-Forwarded-Host'] })
        if (!trusted) expect(out['X-Forwarded-For']).toBe('10.0.0.1')
      }),
    )
  })

  test.each([
    ['2001:db8::1', 'a.example', 'for="[2001:db8::1]";host=a.example;proto=https'],
    ['::ffff:192.0.2.1', '[2001:db8::1]:8443', 'for=192.0.2.1;host="[2001:db8::1]:8443";proto=https'],
    ['192.0.2.1', '', 'for=192.0.2.1;proto=https'],
    ['192.0.2.1', 'a"b\\', 'for=192.0.2.1;host="a\\"b\\\\";proto=https'],
  ])('writes Forwarded for %s and host %s', (peer, authority, element) => {
    const headers = forwardHeaders([], { peer, tls: true, authority }, () => false)
    expect(values(headers, 'forwarded')).toEqual([element])
  })

  test('says nothing of a stranger’s forwarded fields, whatever their case and number', () => {
    const names = [
      'Forwarded',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Forwarded-Proto',
      'X-Forwarded-Port',
      'X-Real-IP',
    ]
    const name = fc
      .tuple(fc.constantFrom(...names), fc.infiniteStream(fc.boolean()))
      .map(([text, upper]) =>
        [...text].map((char) => (upper.next().value ? char.toUpperCase() : char.toLowerCase())).join(''),
      )
    const lies = fc.array(fc.tuple(name, fc.constantFrom('66.6.6.6', 'LIE', '"LIE"')))
    fc.assert(
      fc.property(lies, fc.oneof(ipv4, ipv6), (headers, peer) => {
        fc.pre(!peer.includes('66.6'))
        const text = JSON.stringify(
          forwardHeaders(headers, { peer, tls: true, authority: 'a' }, trustProxies([])),
        )
        expect(text).not.toMatch(/LIE|66\.6\.6\.6/)
      }),
    )
  })

  test('keeps every other header, in order', () => {
    const header = fc.tuple(fc.stringMatching(/^Y-[a-z]{1,5}$/), fc.stringMatching(/^[ -~]{0,10}$/))
    fc.assert(
      fc.property(fc.array(header), fc.boolean(), (headers, trusted) => {
        const out = forwardHeaders(headers, { peer: '1.2.3.4', tls: false, authority: 'a' }, () => trusted)
        expect(out.slice(0, -4)).toEqual(headers)
      }),
    )
  })
})

describe('endToEnd', () => {
  test('removes the fields of one hop and those that Connection names', () => {
    const hop =
      'Connection Keep-Alive TE Trailer Transfer-Encoding Upgrade Proxy-Connection Proxy-Authorization'.split(
        ' ',
      )
    const headers: HeaderList = [
      ...hop.map((name): [string, string] => [name, 'close, x-one']),
      ['connection', ' X-Two ,, X-THREE'],
      ['X-One', '1'],
      ['x-two', '2'],
      ['X-Three', '3'],
      ['X-Four', '4'],
    ]
    expect(endToEnd(headers)).toEqual([['X-Four', '4']])
  })

  test.each([
    'Host',
    'Content-Length',
    'Content-Type',
    'Cookie',
    'Authorization',
    'Origin',
    'Forwarded',
    'X-Forwarded-For',
    'X-Real-IP',
    'Sec-WebSocket-Protocol',
    'Holdfast-Session',
    'Cache-Control',
  ])('leaves %s in its place when Connection names it', (name) => {
    expect(
      endToEnd([
        [name, '1'],
        ['Connection', `close, ${name.toLowerCase()}`],
      ]),
    ).toEqual([[name, '1']])
  })
})

describe('isLookAlike', () => {
  test.each([
    'X_Forwarded_For',
    'x-forwarded_for',
    'X.Forwarded.Proto',
    'Sec_WebSocket_Key',
    'Holdfast_Reattach',
    'Content_Length',
    'Transfer_Encoding',
    'Keep_Alive',
    'X_Real-IP',
  ])('knows %s for what CGI would take it for', (name) => {
    expect(isLookAlike(name)).toBe(true)
  })

  test.each(['X-Forwarded-For', 'Content-Length', 'X_Mine', 'user_id', 'Sec_', "!#$%&'*+.^`|~"])(
    'has nothing against %s',
    (name) => {
      expect(isLookAlike(name)).toBe(name === 'Sec_')
    },
  )
})
