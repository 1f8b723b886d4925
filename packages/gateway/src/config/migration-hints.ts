// What people write who come from other programs, and what it is called here.

/** Keys of other proxies, in lower case, without dashes and underscores: what to write here, or that there is nothing. */
const keys: Record<string, string> = {
  ...all(
    ['sticky', 'stickysession', 'stickysessions', 'iphash', 'affinity', 'sessionaffinity', 'cookie'],
    'write balance: hash(cookie:NAME) or hash(address) on the route: the same client gets the same upstream',
  ),
  ...all(
    ['ca', 'cafile', 'cacert', 'rootca', 'trustedca'],
    'write tls: { ca: FILE } beside the url of an upstream; without it the CAs of Node count',
  ),
  ...all(
    ['verify', 'insecure', 'rejectunauthorized', 'skipverify', 'insecureskipverify'],
    'write tls: { ca: FILE } beside the url of an upstream, or tls: { verify: false }, which checks nothing',
  ),
  ...all(['stripprefix', 'striproute'], 'write strip: /prefix on the route'),
  ...all(
    ['replacepath', 'pathrewrite', 'rootpath'],
    'write rewrite: { from: /old/*, to: /new/* } on the route; an upstream URL may have a path, which is put before the path of the request',
  ),
  ...all(
    ['setheaders', 'requestheaders', 'proxysetheader', 'headerup'],
    'write headers: { set, add, remove } on the route; X-Forwarded-For, -Proto and -Host are set by themselves',
  ),
  ...all(
    ['responseheaders', 'headerdown', 'cors'],
    'write headers: { response: { set, add, remove } } on the route',
  ),
  ...all(
    ['changeorigin', 'hostheader', 'passhostheader'],
    'write host: upstream, or host: client, on the route',
  ),
  ...all(
    ['auth', 'forwardauth', 'basicauth', 'jwt', 'authrequest', 'extauthz'],
    'write auth: { url: http://HOST/check, headers: [X-User] } on the route: a service of yours says who may come in',
  ),
  ...all(
    ['acme', 'letsencrypt', 'autocert'],
    'certificates are not obtained: name files with tls: { cert, key } and reload',
  ),
  ...all(
    ['tls'],
    'write wss:// for an upstream with TLS, and tls: { ca, cert, key } beside its url; for clients, tls: { cert, key } in an entry of listen',
  ),
  ...all(
    ['ssl', 'https', 'certificate', 'certificates'],
    'write tls: { cert, key } in an entry of listen, or a list of these',
  ),
  ...all(
    ['pfx', 'p12', 'keystore'],
    'write pkcs12: FILE in place of cert and key, and passphrase: $NAME beside it',
  ),
  ...all(['password', 'keypassphrase'], 'write passphrase: $NAME, the name of a variable'),
  ...all(
    ['clientauth', 'clientca', 'mtls', 'mutualtls', 'clientcertificate', 'clientcertificates', 'requestcert'],
    'write clientCertificates: { ca: FILE } beside address and tls in an entry of listen',
  ),
  ...all(['port', 'bind', 'server', 'servers', 'entrypoints'], 'write listen: HOST:PORT'),
  ...all(
    ['backend', 'backends', 'target', 'proxypass', 'reverseproxy', 'forward'],
    'write upstreams: [ws://HOST:PORT] on a route',
  ),
  ...all(
    ['import', 'imports', 'includes', 'confd', 'configs', 'providers'],
    'write include: [routes/*.yaml]: each file has the keys of a configuration',
  ),
  ...all(
    ['env', 'environment', 'envfile', 'variables', 'vars'],
    'write $NAME where the value is to stand: it is read from the environment of holdfast serve',
  ),
  ...all(['location', 'locations'], 'write match: { path: /ws/* } on a route'),
  ...all(['ping', 'heartbeat', 'pinginterval'], 'write keepalive: { ping, timeout } on the route'),
  ...all(
    ['idle', 'idletimeout', 'readtimeout', 'proxyreadtimeout'],
    'an idle client is kept and pinged: keepalive: { ping, timeout } on the route',
  ),
  ...all(
    ['maxconnections', 'maxconn', 'ratelimit'],
    'write limits: { connections, perAddress, handshakesPerSecond } on the route',
  ),
  ...all(['retries', 'retry', 'maxretries'], 'write attempts: N on the route'),
  ...all(
    ['accesslog', 'accesslogs', 'logs', 'logformat', 'customlog'],
    'write log: { access: FILE, format: combined }',
  ),
  ...all(
    ['loglevel', 'errorlog'],
    'the log goes to standard error; holdfast serve --log-level says how much',
  ),
  ...all(
    ['metrics', 'prometheus', 'dashboard', 'api'],
    'write admin: HOST:PORT, which has the metrics under /metrics, the page and the API',
  ),
}

function all(names: string[], words: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, words]))
}

/** What an unknown key of another program is called here; undefined for a key that no other is known to have. */
export function migrationHint(key: string): string | undefined {
  const name = key.toLowerCase().replace(/[-_ ]/g, '')
  return Object.hasOwn(keys, name) ? keys[name] : undefined
}

/** What only a pattern in another language has: nginx `~ EXPRESSION`, Express `/rooms/:id`, `/rooms/{id}`, `/ws/**`. */
const pattern = /^(?:~|\^|=\s|\\A)|\.\*|\*\*|\{|\((?=[.?[\\^])|\[\^|(?<=\/):[A-Za-z_]|\$$/

/** Where a text is such a pattern, a path of this language that means about the same; undefined for others. */
export function pathOfPattern(text: string): string | undefined {
  if (!pattern.test(text)) return undefined
  const body = text.replace(/^(?:=|~\*?|\^~)\s*/, '').replace(/^(?:\^|\\A)/, '')
  const special = body.search(/[$()[\]{}|+?^\\]|\.\*|\*\*|(?<=\/):[A-Za-z_]/)
  const start = special < 0 ? body : body.slice(0, special)
  const isWhole = special < 0 ? text.startsWith('=') : body.slice(special) === '$'
  const path = start.startsWith('/') ? start : `/${start}`
  return isWhole || path.endsWith('*') ? path : `${path}*`
}
