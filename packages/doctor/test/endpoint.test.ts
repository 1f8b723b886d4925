import { expect, test } from 'vitest'
import { readEndpoint } from '../src/probe/endpoint.ts'

test.each([
  ['ws://example.com', { url: 'ws://example.com/', host: 'example.com', port: 80, authority: 'example.com' }],
  ['wss://example.com/a?b', { url: 'wss://example.com/a?b', port: 443, target: '/a?b', secure: true }],
  ['https://example.com:8443/ws', { url: 'wss://example.com:8443/ws', origin: 'https://example.com:8443' }],
  ['http://example.com:443', { port: 443, authority: 'example.com:443', secure: false }],
  ['ws://[::1]:8080/ws', { host: '::1', authority: '[::1]:8080', url: 'ws://[::1]:8080/ws' }],
  ['localhost:3000/ws', { url: 'ws://localhost:3000/ws', host: 'localhost', port: 3000 }],
  ['ws://bücher.example/ü', { host: 'xn--bcher-kva.example', target: '/%C3%BC' }],
  ['ws://127.0.0.1:0', { port: 0 }],
])('readEndpoint reads %s', (text, wanted) => {
  expect(readEndpoint(text).endpoint).toMatchObject(wanted)
})

test.each([
  ['', 'url-invalid'],
  ['ws://', 'url-invalid'],
  ['ws://a b', 'url-invalid'],
  ['ws://example.com:99999', 'url-invalid'],
  ['file:///etc/passwd', 'url-invalid'],
  ['tcp://example.com', 'url-scheme'],
  ['wss://example.com/#top', 'url-fragment'],
])('readEndpoint refuses "%s" with %s', (text, code) => {
  expect(readEndpoint(text)).toEqual({ finding: expect.objectContaining({ code }) })
})
