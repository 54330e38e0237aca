/** One HTTP exchange over a connection that the caller makes: bounded in time and size, no redirect, no retry. */
import { request as httpRequest, validateHeaderName, validateHeaderValue, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as tlsConnect, rootCertificates } from 'node:tls'
import type { SignedRequest } from './signature.js'

/** What came back. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: Uint8Array
}

/** Opens a byte stream to a host: TCP on the desk, the relay in the strongroom. It emits `connect` once it is through. */
export type Connect = (host: string, port: number) => Duplex

/** How an exchange is carried. `ca` is a PEM authority for a rehearsal's TLS; otherwise Node's bundled roots hold. */
export interface Carrier {
  connect: Connect
  ca: string | null
  timeoutMs: number
}

/** Why no answer came. `sent` is false when not a byte of the request can have arrived. */
export class ExchangeError extends Error {
  readonly sent: boolean
  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, { cause })
    this.name = 'ExchangeError'
    this.sent = sent
  }
}

/** The largest answer that is read. */
const MAXIMUM_BYTES = 8 * 1024 * 1024

/** Sends a signed request once and reads its answer. Throws ExchangeError. */
export function exchange(signed: SignedRequest, carrier: Carrier): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(signed.url)
    const secure = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[|\]$/g, '')
    checkHeaders(signed.headers)
    const socket = carrier.connect(host, Number(url.port) || (secure ? 443 : 80))
    let sent = false
    const fail = (what: string, cause?: unknown): void => {
      clearTimeout(timer)
      request.destroy()
      socket.destroy()
      reject(new ExchangeError(what, sent, cause))
    }
    const timer = setTimeout(() => {
      fail(`no answer within ${carrier.timeoutMs / 1000} s`)
    }, carrier.timeoutMs)
    socket.on('error', (error) => {
      fail(error.message, error)
    })
    const options = {
      method: signed.method,
      path: url.pathname + url.search,
      // Node does not know the host of a connection that it did not make: it would say localhost.
      headers: { host: url.host, ...signed.headers, connection: 'close' },
      // Authorities and strictness are said, not left to defaults: NODE_EXTRA_CA_CERTS and NODE_TLS_REJECT_UNAUTHORIZED change those.
      createConnection: () => (secure ? tlsConnect({ socket, host, servername: isIP(host) === 0 ? host : '', ca: carrier.ca ?? [...rootCertificates], rejectUnauthorized: true }) : socket),
    }
    const request: ClientRequest = secure ? httpsRequest(options) : httpRequest(options)
    request.on('error', (error) => {
      fail(error.message, error)
    })
    request.on('socket', (carried) => {
      carried.once(secure ? 'secureConnect' : 'connect', () => (sent = true))
    })
    request.on('response', (response) => {
      sent = true
      collect(response).then((body) => {
        if (body === null) {
          fail('the answer is larger than 8 MiB')
          return
        }
        clearTimeout(timer)
        socket.destroy()
        resolve({ status: response.statusCode ?? 0, headers: flat(response), body })
      }, (error: unknown) => {
        fail('the answer broke off', error)
      })
    })
    request.end(signed.body ? Buffer.from(signed.body) : undefined)
  })
}

/** Names and values as HTTP has them (RFC 9110), before anything is connected. Throws ExchangeError. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
  } catch (error) {
    throw new ExchangeError(error instanceof Error ? error.message : String(error), false, error)
  }
}

/** The body; null when it is too large. */
async function collect(response: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAXIMUM_BYTES) return null
    chunks.push(chunk)
  }
  if (!response.complete) throw new Error('the answer broke off')
  return new Uint8Array(Buffer.concat(chunks))
}

function flat(response: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]))
}
