// RFC 8555 6.2: every request to an authority is signed (JWS, RFC 7515), with ES256.
import { createHash, createHmac, type KeyObject, sign } from 'node:crypto'

/** Who signs: by the key itself before there is an account, and by the URL of the account then. */
export type Signer = { key: KeyObject; account?: string }

/** The body of a request. `payload`: an object, or '' for a request that only reads (RFC 8555 6.3). */
export function signedBody(
  { key, account }: Signer,
  url: string,
  nonce: string,
  payload: object | '',
): string {
  const who = account === undefined ? { jwk: publicJwk(key) } : { kid: account }
  const head = encoded({ alg: 'ES256', nonce, url, ...who })
  const content = payload === '' ? '' : encoded(payload)
  // RFC 7518 3.4: both numbers of the signature, one behind the other, and not DER.
  const signature = sign('sha256', Buffer.from(`${head}.${content}`), { key, dsaEncoding: 'ieee-p1363' })
  return JSON.stringify({ protected: head, payload: content, signature: signature.toString('base64url') })
}

/** RFC 8555 7.3.4: the key of the account, signed with what the authority gave to a customer of its own. */
export function externalBinding(
  { keyId, hmacKey }: { keyId: string; hmacKey: string },
  url: string,
  account: KeyObject,
): object {
  const head = encoded({ alg: 'HS256', kid: keyId, url })
  const payload = encoded(publicJwk(account))
  const secret = Buffer.from(hmacKey, 'base64url')
  const signature = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')
  return { protected: head, payload, signature }
}

/** What answers a challenge, RFC 8555 8.1. */
export function keyAuthorization(token: string, key: KeyObject): string {
  const { crv, kty, x, y } = publicJwk(key)
  // RFC 7638 3: the members in the order of their names, without blanks.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  return `${token}.${thumbprint}`
}

function publicJwk(key: KeyObject): { crv?: string; kty?: string; x?: string; y?: string } {
  const { crv, kty, x, y } = key.export({ format: 'jwk' })
  return { crv, kty, x, y }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
