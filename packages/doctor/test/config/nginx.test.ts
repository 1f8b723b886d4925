import { describe, expect, test } from 'vitest'
import { readProxyConfig } from '../../src/config/index.ts'

const codesOf = (text: string) => readProxyConfig(text).findings.map(({ code }) => code)

describe('the reader of nginx', () => {
  const location = (lines: string, http = '') =>
    `events {}\nhttp {\n${http}\nserver {\nlocation /ws {\nproxy_pass http://a;\nproxy_http_version 1.1;\nproxy_read_timeout 1h;\n${lines}\n}\n}\n}\n`
  const upgrade = 'proxy_set_header Upgrade $http_upgrade;'
  const connection = (value: string) => `${upgrade}\nproxy_set_header Connection ${value};`

  test.each([
    ['"upgrade"', []],
    ['Upgrade', []],
    ['"keep-alive, Upgrade"', []],
    ['$http_connection', []],
    ['$something_from_lua', []],
    ['""', ['nginx-connection-header']],
    ['close', ['nginx-connection-header']],
    ['$http_upgrade', ['nginx-connection-header']],
    ['$connection_upgrade', ['nginx-map-missing']],
  ])('knows what Connection %s is to a handshake', (value, codes) => {
    expect(codesOf(location(connection(value)))).toEqual(codes)
  })

  test.each([
    ["default upgrade; '' close;", []],
    ["default upgrade; '' '';", []],
    ['default close; WebSocket upgrade;', []],
    ['default close; ~*^web upgrade;', []],
    ['~^WEB upgrade; ~web Upgrade;', []],
    ['default $other;', []],
    ['include more.map;', []],
    ["default close; '' upgrade;", ['nginx-map-value']],
    ['websocket "";', ['nginx-map-value']],
    ['~^WEB upgrade;', ['nginx-map-value']],
    ['~( upgrade;', ['nginx-map-value']],
  ])('follows a map with %s', (entries, codes) => {
    const map = `map $http_upgrade $c {\n${entries}\n}`
    expect(codesOf(location(connection('$c'), map))).toEqual(codes)
  })

  test('leaves other locations alone when one is for WebSockets', () => {
    const others = 'server { location /api { proxy_pass http://b; proxy_read_timeout 5s; } }'
    expect(codesOf(location(connection('upgrade'), others))).toEqual([])
  })

  test('takes nothing for missing that may be in an include', () => {
    const text = (lines: string) =>
      `server { location /ws { proxy_pass http://a; ${lines} include ws.conf; } }`
    expect(codesOf(text(''))).toEqual([])
    expect(codesOf(text('proxy_http_version 1.0; proxy_set_header Connection "";'))).toEqual([
      'nginx-http-version',
      'nginx-connection-header',
    ])
  })

  test('reads directives as nginx does', () => {
    const text = `server { # a comment with a ;
      set $a "a;b{c}\\"d"; set $b '}';
      location ~ "^/(ws|x){1}$" { content_by_lua_block { local s = "}{" ; if a then ngx.say('#') end }
        proxy_pass http://\${backend}; proxy_http_version 1.1; ${connection('upgrade')} proxy_read_timeout 1h;
      }
    }`
    expect(readProxyConfig(text, { kind: 'nginx' })).toMatchObject({ findings: [], problems: [] })
  })
})
