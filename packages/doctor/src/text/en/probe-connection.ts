import type { FindingText } from '../../finding-text.ts'

/** The words of what is found before the first request: URL, DNS, TCP, TLS. */
export const probeConnection = {
  'url-valid': {
    title: '{url}',
    why: 'The URL is one that a WebSocket client takes.',
    fix: [],
  },
  'url-invalid': {
    title: 'not a URL: {url}',
    why: 'A WebSocket URL has a scheme, a host, perhaps a port, and a path.',
    fix: ['wss://example.com/ws'],
  },
  'url-scheme': {
    title: '{scheme} is not a scheme for WebSockets',
    why: 'A WebSocket begins as an HTTP request. Its URL begins with ws, or with wss over TLS; http and https are taken for them.',
    fix: ['wss://example.com/ws'],
  },
  'url-fragment': {
    title: 'a WebSocket URL cannot have a fragment: {fragment}',
    why: 'A browser throws a SyntaxError for it (RFC 6455 3).',
    fix: ['# leave out {fragment}, or write # as %23 where it belongs to the path'],
  },
  'dns-found': {
    title: '{host} is {addresses}',
    why: 'The name has addresses, in the order in which clients try them.',
    fix: [],
  },
  'dns-address': {
    title: '{host} is an address, nothing to look up',
    why: 'The URL names an address.',
    fix: [],
  },
  'dns-not-found': {
    title: 'no address is known for {host}',
    why: 'The name is misspelt, has no A or AAAA record, or is known only elsewhere, such as inside a cluster or a VPN.',
    fix: ['dig +short {host} A', 'dig +short {host} AAAA', '# correct the name, or add the record'],
  },
  'dns-no-answer': {
    title: 'no name server answered for {host} within {after}',
    why: 'Nothing can be said of the name: this machine cannot reach its name servers.',
    fix: ['cat /etc/resolv.conf', 'dig {host}', '# fix the network or the name servers of this machine'],
  },
  'tcp-open': {
    title: 'something listens on {place}',
    why: 'A TCP connection was made.',
    fix: [],
  },
  'tcp-partly': {
    title: 'something listens on {place}, but not on {failed}',
    why: 'The name has several addresses, and clients may try another first: browsers then lose time, and proxies may answer 502 now and then. "localhost" is both ::1 and 127.0.0.1.',
    fix: ['# let the server listen on all of these addresses, or take the others out of the name'],
  },
  'tcp-refused': {
    title: 'nothing listens on {place}',
    why: 'The machine is there and refuses the connection: the server does not run, listens on another port, or listens on the loopback address only.',
    fix: [
      '# on that machine, what listens on the port:',
      "ss -ltnp 'sport = :{port}'",
      '# start the server there, or correct the port',
    ],
  },
  'tcp-unreachable': {
    title: 'no way to {place}: {words}',
    why: 'The address cannot be reached from this machine.',
    fix: ['ip route get {host}', '# correct the address, or the route to it'],
  },
  'tcp-no-answer': {
    title: '{place} does not answer a connection within {after}',
    why: 'A machine that is there answers or refuses at once. A firewall drops the packets, the machine is off, or its queue of new connections is full.',
    fix: [
      '# open port {port} in the firewall or security group, or correct the address',
      '# on that machine, a queue as long as its limit (Recv-Q, Send-Q):',
      "ss -ltn 'sport = :{port}'",
    ],
  },
  'tls-right': {
    title: '{version}, certificate good until {until}',
    why: 'The certificate is in force, bears the name and comes from an authority that is trusted.',
    fix: [],
  },
  'tls-expires-soon': {
    title: 'the certificate of {host} ends in {days} days, on {until}',
    why: 'Most certificates are renewed 30 days before they end, so the renewal seems to fail.',
    fix: [
      '# renew it, such as with: certbot renew',
      '# then make the server read it, such as with: nginx -s reload',
    ],
  },
  'tls-expired': {
    title: 'the certificate of {host} has expired on {since}',
    why: 'Browsers refuse it, and show a WebSocket no more than close code 1006.',
    fix: [
      '# renew it, such as with: certbot renew',
      '# then make the server read it, such as with: nginx -s reload',
    ],
  },
  'tls-not-yet-valid': {
    title: 'the certificate of {host} is in force from {from} only',
    why: 'Either the certificate was made for later, or a clock is wrong: that of this machine, or of the one that made it.',
    fix: ['date -u', '# set the clock, or install a certificate that is in force'],
  },
  'tls-wrong-name': {
    title: 'the certificate is not for {host}, but for {names}',
    why: 'The server has no certificate for this name, or picks another one, which happens where it does not look at the name that the client asks for (SNI).',
    fix: [
      '# use a name that the certificate bears, or have one made for {host}',
      '# nginx: the server block with this server_name needs its own ssl_certificate',
    ],
  },
  'tls-self-signed': {
    title: 'the certificate of {host} is signed by itself',
    why: 'No client trusts it unless it is told to. A browser asks about it on a page, but never for a WebSocket: that just fails with 1006.',
    fix: [
      '# install one from an authority, such as with: certbot --nginx -d {host}',
      '# for a private one, let this check trust it:',
      'NODE_EXTRA_CA_CERTS=cert.pem holdfast check wss://{host}:{port}',
    ],
  },
  'tls-incomplete-chain': {
    title: 'the server does not send the certificates between its own and the authority',
    why: 'Some browsers find the missing ones by themselves, other clients do not, so it fails for some only. An authority of your own that this machine does not know looks the same.',
    fix: [
      '# nginx: the whole chain in one file, the own certificate first',
      'ssl_certificate /etc/letsencrypt/live/{host}/fullchain.pem;',
      '# for a private authority, let this check trust it:',
      'NODE_EXTRA_CA_CERTS=ca.pem holdfast check wss://{host}:{port}',
    ],
  },
  'tls-untrusted': {
    title: 'the certificate of {host} is not trusted: {words}',
    why: 'It does not come from an authority that clients know, or the authority is of no use any more.',
    fix: [
      '# install one from an authority that clients trust',
      '# for a private authority, let this check trust it:',
      'NODE_EXTRA_CA_CERTS=ca.pem holdfast check wss://{host}:{port}',
    ],
  },
  'tls-not-spoken': {
    title: 'port {port} does not speak TLS',
    why: 'The server answers a TLS handshake in the clear: this is a port for ws and http.',
    fix: ['# use ws:// for this port, or the port of the server for TLS', '# nginx:', 'listen {port} ssl;'],
  },
  'tls-no-answer': {
    title: 'port {port} accepts connections, but does not answer a TLS handshake within {after}',
    why: 'The process behind the port hangs, or speaks something else and waits for its client to go on.',
    fix: [
      '# see what listens there:',
      "ss -ltnp 'sport = :{port}'",
      '# restart it if it hangs; otherwise correct the port',
    ],
  },
  'tls-cut': {
    title: 'port {port} cuts the connection in the TLS handshake',
    why: 'The server has no certificate for {host} and refuses others, wants a certificate of the client, or expects a PROXY protocol header first.',
    fix: ['# what the server says:', 'openssl s_client -connect {host}:{port} -servername {host}'],
  },
  'tls-no-http1': {
    title: 'port {port} does not offer HTTP/1.1 in TLS (ALPN)',
    why: 'Browsers open WebSockets over HTTP/1.1, unless the server has said that it takes them over HTTP/2 (RFC 8441), which few do.',
    fix: [
      '# let the server offer h2 and http/1.1; HAProxy:',
      'bind :443 ssl crt /etc/haproxy/cert.pem alpn h2,http/1.1',
      '# Envoy:',
      'alpn_protocols: [h2, http/1.1]',
    ],
  },
  'tls-failed': {
    title: 'the TLS handshake on port {port} fails: {words}',
    why: 'Client and server do not come to terms, often over the version of TLS or the ciphers.',
    fix: ['# nginx:', 'ssl_protocols TLSv1.2 TLSv1.3;'],
  },
} satisfies Record<string, FindingText>
