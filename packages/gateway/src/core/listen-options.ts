// Where clients and operators connect, and with which certificates.

/** An address to listen on or to be reached at. */
export interface HostPort {
  /** Name or address. An IPv6 address has no brackets here. Of a socket of the file system: `unix:` and its path. */
  host: string
  /** TCP port, 0 to 65535. To listen on 0 lets the system choose. */
  port: number
}

/** One certificate of a TLS listener as PEM texts; the files were read when the configuration was loaded. */
export interface TlsOptions {
  /** The certificate, then its chain. With `pkcs12` the certificate alone. */
  cert: string
  /** The private key of that certificate, not encrypted; empty with `pkcs12`. */
  key: string
  /**
   * A PKCS#12 file (RFC 7292) with certificate, chain and key, as Base64, and what it is encrypted with.
   *
   * @default none: `cert` and `key` are all there is
   */
  pkcs12?: { data: string; passphrase: string }
}

/** Certificates that clients are asked for (mutual TLS). */
export interface ClientCertificateOptions {
  /** PEM text of the authorities of which one must have signed a client's certificate. */
  ca: string
  /**
   * Whether a client without a certificate of theirs is refused in the TLS handshake.
   *
   * @default true
   */
  required: boolean
}

/** One address that clients connect to. */
export interface ListenOptions extends HostPort {
  /**
   * Present: wss and HTTP/2 (ALPN `h2`, `http/1.1`). Of several certificates the one for the name that a client asks for
   * is shown, or else the first. Source: RFC 6455 3, RFC 8441, RFC 6066 3.
   *
   * @default plain TCP
   */
  tls?: TlsOptions | TlsOptions[]
  /**
   * Whether its certificates are those that `acme` obtains; `tls` is an empty list then. A client that asks for a name without one
   * is refused in the TLS handshake.
   *
   * @default false
   */
  auto?: boolean
  /**
   * Whether TLS is done by processes of its own, which a live upgrade leaves as they are: connections over TLS then move like all others.
   *
   * @default false
   */
  front?: boolean
  /**
   * Clients are asked for a certificate, and upstreams are told whose it is.
   *
   * @default they are not asked
   */
  clientCertificates?: ClientCertificateOptions
  /**
   * Whether every connection must open with a PROXY protocol v1 or v2 header, which says the client's address.
   *
   * @default false
   */
  proxyProtocol: boolean
  /**
   * Bits of the mode of its file, from 0o600 to 0o777, of a socket of the file system.
   *
   * @default what the umask of the process leaves
   */
  mode?: number
  /**
   * Of a socket of the file system: who owns its file, by name or number.
   *
   * @default the user and group of the process
   */
  owner?: { user?: string; group?: string }
}

/** Where certificates come from by themselves. Source: RFC 8555. */
export interface AcmeOptions {
  /**
   * URL of the directory of the authority.
   *
   * @default letsencrypt
   */
  directory: string
  /**
   * PEM text of the authorities that vouch for the server of the directory.
   *
   * @default the authorities of the runtime
   */
  ca?: string
  /**
   * Where the authority may write to.
   *
   * @default none is given
   */
  email?: string
  /**
   * Kind of certificate, by a name of the authority's.
   *
   * @default the authority's own choice
   */
  profile?: string
  /** That the operator agrees to the terms of the authority: nothing is ordered without. Source: RFC 8555 7.3. */
  agreed: true
  /** The names, at least one; each gets a certificate of its own. Without `names` in the file: the hosts of the routes. */
  names: string[]
  /**
   * How the authority is shown that a name is this gateway's. `auto`: by what the listeners allow, one after the other while it
   * fails. Source: RFC 8555 8.3, RFC 8737.
   *
   * @default 'auto'
   */
  challenge: 'auto' | 'http-01' | 'tls-alpn-01'
  /** Folder, an absolute path, where account, certificates and keys are kept; it must survive restarts. */
  stateDirectory: string
  /**
   * Name and key, in Base64url, of an account that the authority has given to its customer. Source: RFC 8555 7.3.4.
   *
   * @default none
   */
  externalAccount?: { keyId: string; hmacKey: string }
}

/** Where the admin API and the metrics are: a port, or a socket of the file system. */
export interface AdminOptions extends HostPort {
  /**
   * Bearer token of the API. Compulsory when `host` is an address that other machines reach. Source: RFC 6750 2.1.
   *
   * @default none: whoever reaches the port may do everything
   */
  token?: string
  /**
   * Bits of the mode of its file, from 0o600 to 0o777, of a socket of the file system: who may connect.
   *
   * @default 0o600: the user that runs the gateway, and root
   */
  mode?: number
  /**
   * Of a socket of the file system: who owns its file, by name or number.
   *
   * @default the user and group of the process
   */
  owner?: { user?: string; group?: string }
}
