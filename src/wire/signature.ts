/**
 * OCI request signatures, version 1 (draft-cavage-http-signatures-08; OCI documentation "Request Signatures").
 * Pure: what to sign in, headers out.
 */
import { createHash } from 'node:crypto'

/** HTTP methods that OCI uses. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD'

/** A request before it is signed. `url` is absolute; its path and query are signed exactly as they are sent. */
export interface UnsignedRequest {
  method: Method
  url: string
  /** Bytes of the body; null for none. */
  body: Uint8Array | null
  /** Value of `content-type`; only with a body. */
  contentType: string | null
  /** Further headers, unsigned, in lower case (if-match, opc-retry-token …). */
  headers: Readonly<Record<string, string>>
}

/** Who signs. `sign` gives RSASSA-PKCS1-v1_5 with SHA-256 over the bytes. */
export interface Signer {
  /** `TENANCY/USER/FINGERPRINT`. */
  keyId: string
  sign(data: Uint8Array): Uint8Array
}

/** A signed request: what goes on the wire, and nothing else does. */
export interface SignedRequest {
  method: Method
  url: string
  body: Uint8Array | null
  headers: Record<string, string>
}

const BODY_METHODS: readonly Method[] = ['POST', 'PUT', 'PATCH']

/** Signs `request` as of `date`; `opcRequestId` is 32 upper-case hex digits. */
export function signRequest(request: UnsignedRequest, signer: Signer, date: Date, opcRequestId: string): SignedRequest {
  const url = new URL(request.url)
  const body = BODY_METHODS.includes(request.method) ? (request.body ?? new Uint8Array()) : null
  const signed: [name: string, value: string][] = [
    ['x-date', date.toUTCString()],
    ['(request-target)', `${request.method.toLowerCase()} ${url.pathname}${url.search}`],
    ['host', url.host],
  ]
  if (body) {
    signed.push(
      ['content-length', String(body.length)],
      ['content-type', request.contentType ?? 'application/json'],
      ['x-content-sha256', createHash('sha256').update(body).digest('base64')],
    )
  }
  const text = signed.map(([name, value]) => `${name}: ${value}`).join('\n')
  const signature = Buffer.from(signer.sign(Buffer.from(text))).toString('base64')
  const names = signed.map(([name]) => name).join(' ')
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...request.headers,
    ...Object.fromEntries(signed.filter(([name]) => name !== '(request-target)')),
    'opc-request-id': opcRequestId,
    authorization: `Signature version="1",keyId="${signer.keyId}",algorithm="rsa-sha256",headers="${names}",signature="${signature}"`,
  }
  return { method: request.method, url: request.url, body, headers }
}
