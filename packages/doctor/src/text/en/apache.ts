import type { TextsOf } from '../../finding-text.ts'

/** The words of what is found in Apache files. */
export const apache: TextsOf<'apache'> = {
  'apache-no-upgrade': {
    title: '{path} goes to {target} without a way for upgrades',
    why: 'Apache takes Upgrade out of a request to an http:// address. It passes a WebSocket on if ProxyPass says upgrade=websocket (2.4.47 and later), or if the address begins with ws://.',
    fix: ['ProxyPass "{path}" "{target}" upgrade=websocket'],
  },
  'apache-module-missing': {
    title: 'no loaded module can do this: {directive}',
    why: 'An http:// address needs mod_proxy_http. A ws:// address needs mod_proxy_wstunnel, or from 2.4.47 on mod_proxy_http. Without it Apache answers 500.',
    fix: ['LoadModule {module}_module modules/mod_{module}.so', '# Debian and Ubuntu: a2enmod {module}'],
  },
  'apache-order': {
    title: '{path} is never reached, because {earlier} was matched before',
    why: 'The first ProxyPass that fits is taken, so the longer path must stand first. Of <Location> sections the last that fits is taken, so there it must stand last.',
    fix: ['# move {path} before {earlier}; or after it, where both are <Location> sections'],
  },
  'apache-rewrite-cond': {
    title: 'the condition on {header} does not fit what clients send: {pattern}',
    why: 'Browsers send Upgrade: websocket in small letters, and Connection: Upgrade; Firefox sends Connection: keep-alive, Upgrade. The rule then does not run for them.',
    fix: ['RewriteCond %{HTTP:Upgrade} websocket [NC]', 'RewriteCond %{HTTP:Connection} upgrade [NC]'],
  },
  'apache-rewrite-off': {
    title: 'RewriteEngine is not on here, so the rule does not run',
    why: 'Rules run only where RewriteEngine is on: in the same virtual host, or for the whole server.',
    fix: ['RewriteEngine On'],
  },
  'apache-rewrite-flag': {
    title: 'the client is redirected to {target}, not proxied',
    why: 'Without the flag P a rule with a full URL answers 302. WebSocket clients do not follow it.',
    fix: ['RewriteRule {pattern} "{target}" [P,L]'],
  },
  'apache-rewrite-scheme': {
    title: 'the rule for WebSockets proxies to {target}, where the upgrade is lost',
    why: 'A rule with the flag P cannot say upgrade=websocket. It passes a WebSocket on only if its address begins with ws://.',
    fix: ['RewriteRule {pattern} "{fixed}" [P,L]'],
  },
  'apache-rewrite-order': {
    title:
      'the rule for WebSockets with {pattern} is never reached, because {earlier} takes every request before',
    why: 'Rules run in their order, and one with the flag P or L is the last for the requests that it fits.',
    fix: ['# move the rule for WebSockets, with its conditions, before the rule with {earlier}'],
  },
  'apache-timeout': {
    title: 'an idle WebSocket is cut after {timeout}',
    why: 'Apache ends a tunnel on which nothing passed for the longer of Timeout and ProxyTimeout (or timeout= of ProxyPass).',
    fix: ['ProxyTimeout 3600'],
  },
  'apache-default-timeout': {
    title: 'a WebSocket is cut after 60 s in which nothing passed',
    why: 'Nothing that was read sets Timeout or ProxyTimeout high enough, and without them the limit is 60 s (300 s where the apache2.conf of Debian is in force). The longer of the two counts, and it also runs while a WebSocket is open.',
    fix: ['ProxyTimeout 3600'],
  },
  'apache-header-unset': {
    title: '{header} is taken out of the request',
    why: 'The server behind needs that header of the handshake.',
    fix: [
      '# remove the line, or keep it from WebSockets:',
      'RequestHeader unset {header} "expr=%{HTTP:Upgrade} != \'websocket\'"',
    ],
  },
  'apache-http10': {
    title: '{variable} makes Apache speak HTTP/1.0 to the server behind',
    why: 'An upgrade needs HTTP/1.1 (RFC 6455 4.1).',
    fix: ['# remove: SetEnv {variable} 1'],
  },
  'apache-path-slash': {
    title: '{path} with {target} turns {example} into {seen}',
    why: 'ProxyPass replaces its first part by its second, letter by letter. When only one of the two ends in a slash, a slash is doubled or lost.',
    fix: ['{fixed}'],
  },
}
