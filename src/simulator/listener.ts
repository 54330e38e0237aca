/** One region's door: an HTTP or HTTPS server on 127.0.0.1, with the faults that happen at doors. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cloud, Region } from './cloud.js'
import { exchange, requestIdOf, type Reply } from './exchange.js'
import type { FaultAction, Faults } from './faults.js'
import { header, pathOf, type Received, wireHeaders } from './received.js'
import type { TenancyEvent } from './tenancy-events.js'
import { type Certified, issueServerCertificate, makeTestAuthority } from './test-authority.js'

/** A request as the simulator's own log has it. */
export interface RequestRecord {
  /** Which request of this run it was, from 0, in the order in which they came in. The log has them in the order of their effects. */
  readonly arrival: number
  /** ms, this cloud's clock */
  readonly at: number
  readonly method: string
  /** Path and query, as sent. */
  readonly path: string
  readonly region: string
  /** Null when the caller was not authenticated. */
  readonly keyId: string | null
  readonly operation: string | null
  /** Null when no answer was sent. */
  readonly status: number | null
  readonly opcRequestId: string | null
  /** Why it was refused, in the simulator's words; never sent to the caller. */
  readonly why: string | null
  /** The fault that struck, if one did. */
  readonly fault: FaultAction['do'] | null
}

/** When an observer looks: the request has come in whole, its effect has happened, its answer was handed to the network. */
export type Moment = 'received' | 'done' | 'answered'

/** Looks on at every request to OCI. Answering `drop` ends the request there, with a reset. */
export type Observe = (moment: Moment, request: { readonly method: string; readonly path: string; readonly region: string }) => 'drop' | undefined

/** What a listener needs of the simulator around it. */
export interface ListenerParts {
  readonly cloud: Cloud
  readonly region: Region
  readonly faults: Faults
  /** Number of the next request that comes in. */
  readonly arrive: () => number
  readonly record: (request: RequestRecord) => void
  /** Called when the sender of a delayed request did not wait for its answer. */
  readonly onAbandoned: () => void
  readonly happen: (event: TenancyEvent) => void
  readonly exit: (code: number) => void
  readonly observe: Observe
  /** Answers `/simulator/...`, which is no part of OCI. */
  readonly control: (method: string, target: string, body: Uint8Array) => { status: number; body: unknown }
}

const LARGEST_BODY = 1024 * 1024

/** The body, or null when it is too long. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.byteLength
    // What is too long is read to its end all the same, so that the sender hears the answer.
    if (size <= LARGEST_BODY) parts.push(part)
  }
  return size <= LARGEST_BODY ? Buffer.concat(parts) : null
}

function reset(response: ServerResponse): void {
  // A TLS socket has no resetAndDestroy of its own that reaches the wire: destroying it is as abrupt as it gets.
  const { socket } = response
  if (socket === null) return
  if ('encrypted' in socket) socket.destroy()
  else socket.resetAndDestroy()
}

function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  response.sendDate = false
  const length = status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  response.writeHead(status, { ...headers, ...length })
  response.end(body)
}

async function sendReply(response: ServerResponse, reply: Reply, action: FaultAction | null): Promise<void> {
  if (action?.do === 'drip') await drip(response, reply, action.milliseconds)
  else if (action?.do === 'truncate') send(response, reply.status, reply.headers, reply.body.slice(0, reply.body.length / 2))
  else if (action?.do === 'empty') send(response, reply.status, reply.headers, '')
  else send(response, reply.status, reply.headers, reply.body)
}

/** A byte at a time, until all is sent or nobody listens any more. */
async function drip(response: ServerResponse, reply: Reply, milliseconds: number): Promise<void> {
  response.sendDate = false
  response.writeHead(reply.status, { ...reply.headers, 'content-length': String(Buffer.byteLength(reply.body)) })
  response.flushHeaders()
  for (const byte of Buffer.from(reply.body)) {
    await sleep(milliseconds, undefined, { ref: false })
    if (response.destroyed) return
    response.write(Uint8Array.of(byte))
  }
  response.end()
}

interface Forged {
  status: number
  headers: Record<string, string>
  body: string
}

function sendForged(response: ServerResponse, { status, headers, body }: Forged, now: number): void {
  send(response, status, { date: new Date(now).toUTCString(), ...headers }, body)
}

/** The answer of a fault that does not let OCI's own through, or null. What OCI itself would answer has the request's id, as all its answers have. */
function forged(action: FaultAction | null, requestId: () => string): Forged | null {
  switch (action?.do) {
    case 'answer': {
      const body = action.body === undefined ? '' : JSON.stringify(action.body)
      return { status: action.status, headers: { 'content-type': 'application/json', 'opc-request-id': requestId(), ...action.headers }, body }
    }
    case 'html': {
      const body = `<html><head><title>${action.status}</title></head><body><h1>${action.status}</h1></body></html>`
      return { status: action.status, headers: { 'content-type': 'text/html' }, body }
    }
    case 'redirect':
      return { status: action.status, headers: { location: action.location }, body: '' }
    default:
      return null
  }
}

/** Does what a fault does at its moment. Answers false when the request has come to its end with that. */
async function suffer(parts: ListenerParts, action: FaultAction, response: ServerResponse): Promise<boolean> {
  switch (action.do) {
    case 'delay':
      response.once('close', () => {
        if (!response.writableEnded) parts.onAbandoned()
      })
      await sleep(action.milliseconds, undefined, { ref: false })
      return true
    case 'event':
      parts.happen(action.event)
      return true
    case 'reset':
      reset(response)
      return false
    case 'exit':
      parts.exit(action.code)
      reset(response)
      return false
    default:
      return true
  }
}

/** Answers a request to OCI, with the fault that strikes it. */
async function serve(
  parts: ListenerParts,
  received: Received,
  response: ServerResponse,
  action: FaultAction | null,
): Promise<void> {
  const { cloud, region } = parts
  const arrival = parts.arrive()
  const request = { method: received.method, path: received.target, region: region.name }
  /** Whether an observer ends the request here. */
  const dropped = (moment: Moment): boolean => {
    if (parts.observe(moment, request) !== 'drop') return false
    reset(response)
    return true
  }
  const when = action !== null && 'when' in action ? action.when : null
  const ends = action?.do === 'reset' || action?.do === 'exit'
  const note = (reply: Reply | null, status: number | null): void =>
    parts.record({
      arrival,
      at: cloud.now(),
      method: received.method,
      path: received.target,
      region: region.name,
      keyId: reply?.keyId ?? null,
      operation: reply?.operation ?? null,
      status,
      opcRequestId: reply?.requestId ?? null,
      why: reply?.why ?? null,
      fault: action?.do ?? null,
    })

  response.once('finish', () => parts.observe('answered', request))
  if (dropped('received')) {
    note(null, null)
    return
  }
  if (action !== null && when === 'before') {
    if (ends) note(null, null)
    if (!(await suffer(parts, action, response))) return
  }
  const lie = forged(action, () => requestIdOf(received, cloud.random))
  if (lie !== null && when !== 'after') {
    note(null, lie.status)
    sendForged(response, lie, cloud.now())
    return
  }
  const reply = exchange(cloud, region, received, action?.do === 'skew' ? action.seconds * 1000 : 0)
  note(reply, ends ? null : (lie ?? reply).status)
  if (dropped('done')) return
  if (action !== null && when === 'after' && !(await suffer(parts, action, response))) return
  if (lie === null) await sendReply(response, reply, action)
  else sendForged(response, lie, cloud.now())
}

async function answer(parts: ListenerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? ''
  const target = request.url ?? ''
  const port = String(request.socket.localPort)
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  const body = await readBody(request)
  if (body === null) {
    send(response, 413, { connection: 'close' }, '')
    return
  }
  const received: Received = { method, target, headers: wireHeaders(request.rawHeaders), body, hosts }
  const named = hosts.includes(header(received.headers, 'host')?.toLowerCase() ?? '')
  if (target.startsWith('/simulator/')) {
    // A page in a browser could be made to call this by some other name of loopback; the Host header gives it away.
    const reply = named ? parts.control(method, target, body) : { status: 403, body: { message: 'Loopback only.' } }
    send(response, reply.status, { 'content-type': 'application/json' }, JSON.stringify(reply.body))
    return
  }
  // A front end finds the service by the Host header. Of a signature, the answer says that it is for another one.
  if (!named && header(received.headers, 'authorization') === undefined) {
    reset(response)
    return
  }
  const action = parts.faults.strike({ method, path: pathOf(target), region: parts.region.name })
  await serve(parts, received, response, action)
}

/** A region that is being listened for. */
export interface Listener {
  readonly port: number
  /** Cuts every connection, and listens no more. */
  readonly close: () => Promise<void>
  /** Listens again, at the same port. */
  readonly reopen: () => Promise<void>
}

/**
 * Listens for one region on 127.0.0.1.
 *
 * @param port 0 for any
 * @param tls null for plain HTTP
 * @throws the error of `listen` when the port is taken
 */
export async function listen(parts: ListenerParts, port: number, tls: Certified | null): Promise<Listener> {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(parts, request, response).catch((error: unknown) => {
      // A request that its sender dropped half-way is nobody's mistake; anything else is one of this simulator.
      if (request.socket.destroyed) return
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      process.stderr.write(`simulator: ${message}\n`)
      if (!response.headersSent) {
        const body = JSON.stringify({ code: 'InternalServerError', message: 'Internal error' })
        send(response, 500, { 'content-type': 'application/json' }, body)
      }
    })
  }
  const server: Server | TlsServer =
    tls === null
      ? createServer(onRequest)
      : createTlsServer({ cert: tls.certificatePem, key: tls.privateKeyPem, minVersion: 'TLSv1.2' }, onRequest)
  const wrong = tls === null ? null : issueServerCertificate(makeTestAuthority(Date.now(), randomBytes), Date.now(), randomBytes)
  // Before the server's own listener, which takes the certificate that is set by then.
  server.prependListener('connection', (socket: Socket) => {
    const fault = parts.faults.strikeConnection(parts.region.name)
    if (fault === 'refuse') socket.resetAndDestroy()
    if ('setSecureContext' in server && tls !== null && wrong !== null) {
      const shown = fault === 'wrong-certificate' ? wrong : tls
      server.setSecureContext({ cert: shown.certificatePem, key: shown.privateKeyPem, minVersion: 'TLSv1.2' })
    }
  })
  const listenAt = async (wanted: number): Promise<void> => {
    server.listen(wanted, '127.0.0.1')
    await once(server, 'listening')
  }
  await listenAt(port)
  const { port: its } = server.address() as AddressInfo
  return {
    port: its,
    reopen: () => listenAt(its),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
