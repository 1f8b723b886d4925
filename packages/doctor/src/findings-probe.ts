import type { FindingRow, Level } from './findings.ts'

const row =
  <const L extends Level>(level: L) =>
  <const Args extends readonly string[]>(...args: Args) => ({ level, args })

const ok = row('ok')
const warning = row('warning')
const error = row('error')

/** What live probes find, by layer. */
export const probeFindings = {
  'url-valid': ok('url'),
  'url-invalid': error('url'),
  'url-scheme': error('scheme'),
  'url-fragment': error('fragment'),

  'dns-found': ok('host', 'addresses'),
  'dns-address': ok('host'),
  'dns-not-found': error('host'),
  'dns-no-answer': error('host', 'after'),

  'tcp-open': ok('place'),
  'tcp-partly': warning('place', 'failed'),
  'tcp-refused': error('place', 'port'),
  'tcp-unreachable': error('place', 'host', 'words'),
  'tcp-no-answer': error('place', 'port', 'after'),

  'tls-right': ok('version', 'until'),
  'tls-expires-soon': warning('host', 'days', 'until'),
  'tls-expired': error('host', 'since'),
  'tls-not-yet-valid': error('host', 'from'),
  'tls-wrong-name': error('host', 'names'),
  'tls-self-signed': error('host'),
  'tls-incomplete-chain': error('host'),
  'tls-untrusted': error('host', 'words'),
  'tls-not-spoken': error('port'),
  'tls-no-answer': error('port', 'after'),
  'tls-cut': error('port', 'host'),
  'tls-no-http1': error('port'),
  'tls-failed': error('port', 'words'),

  'upgrade-accepted': ok(),
  'upgrade-no-answer': error('port', 'after'),
  'upgrade-cut': error('words'),
  'upgrade-not-http': error('port', 'sample'),
  'tls-needed': error('port', 'url'),
  'redirect-to-https': error('status', 'to'),
  redirect: error('status', 'to'),
  'upgrade-ignored': error('status', 'by'),
  'upgrade-lost': error('status', 'by'),
  'upgrade-as-http10': error('status', 'by'),
  'upgrade-refused': error('status', 'by', 'words'),
  'version-refused': error('versions'),
  'origin-missing': error('status', 'origin'),
  'origin-refused': error('status', 'origin'),
  'subprotocol-wanted': error('words', 'protocol'),
  'subprotocol-refused': error('status', 'offered'),
  unauthorized: error('status', 'by'),
  forbidden: error('status', 'by'),
  'path-not-found': error('status', 'target', 'by'),
  'path-not-routed': error('status', 'target', 'by'),
  'path-changed': error('status', 'target'),
  'headers-too-large': error('answer', 'size'),
  'answer-headers-too-large': error('status', 'size', 'by'),
  'too-many-requests': error('status', 'by', 'retry'),
  'server-error': error('status', 'by'),
  'backend-unreachable': error('status', 'by'),
  'backend-unavailable': error('status', 'by', 'retry'),
  'backend-timeout': error('status', 'by'),
  'proxy-misses-backend': error('status', 'by'),

  'accept-right': ok('protocol', 'extensions'),
  'accept-header-missing': error('header'),
  'accept-key-wrong': error('got', 'wanted'),
  'subprotocol-not-chosen': error('offered'),
  'subprotocol-never-offered': error('protocol'),
  'extension-never-offered': error('extension'),

  'pong-came': ok(),
  'pong-missing': error('after'),
  'pong-wrong': error('after'),
  'lost-after-upgrade': error('after'),
  'closed-at-once': error('words', 'after', 'code'),
  'closed-bad-gateway': error('words', 'after', 'code'),
  'closed-try-later': error('words', 'after', 'code'),
  'closed-refused': error('words', 'after', 'code'),
  'frames-broken': error('words'),

  'close-echoed': ok('sent'),
  'close-code-dropped': error('sent'),
  'close-code-changed': warning('sent', 'got'),
  'close-cut': error(),
  'close-unanswered': error('sent', 'after'),

  'second-connection': warning('words'),
  'idle-survived': ok('idle', 'pings'),
  'idle-cut': error('after'),
  'idle-closed': warning('after', 'words', 'code'),
  'idle-dead': error('idle'),

  'large-message-passed': ok('size'),
  'large-message-disliked': ok('words'),
  'message-too-big': error('size', 'passed', 'words'),
  'large-message-closed': error('size', 'words'),
  'large-message-cut': error('size'),
  'large-message-stuck': error('size', 'after'),

  'fault-in-proxy': error('proxy'),
  'fault-in-backend': error('proxy', 'backend'),
  'fault-in-both': error('proxy', 'backend'),
  'upstream-elsewhere': warning('backend'),
} as const satisfies Record<string, FindingRow>
