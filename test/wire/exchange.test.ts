/** One exchange against real sockets: what it takes, where it stops, and whether it can tell that nothing was sent. */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { exchange, ExchangeError, type Answer, type Carrier } from '../../src/wire/exchange.js'
import type { SignedRequest } from '../../src/wire/signature.js'
import { issueServerCertificate, makeTestAuthority } from '../../src/simulator/test-authority.js'

/** Node warns once for each process, so this listens from the beginning. */
const warnings: string[] = []
process.on('warning', (warning) => warnings.push(warning.message))

const running: (Server | TcpServer)[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(running.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function listen(server: Server | TcpServer): Promise<number> {
  running.push(server)
  server.on('connection', (socket: Socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const serve = (listener: RequestListener): Promise<number> => listen(createServer(listener))
const get = (port: number, path = '/x?y=1', scheme = 'http'): SignedRequest => ({ method: 'GET', url: `${scheme}://127.0.0.1:${port}${path}`, body: null, headers: { 'x-test': 'a', host: `127.0.0.1:${port}` } })
const carrier = (change: Partial<Carrier> = {}): Carrier => ({ connect: (host, port) => connect(port, host), ca: null, timeoutMs: 5000, ...change })
const failure = async (run: Promise<Answer>): Promise<ExchangeError> => {
  const error: unknown = await run.then(() => undefined, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ExchangeError)
  return error as ExchangeError
}

test('Host is that of the URL where the caller names none: Node, which did not make the connection, would say localhost', async () => {
  const port = await serve((request, response) => response.end(request.headers.host))
  const { body } = await exchange({ ...get(port), headers: {} }, carrier())
  expect(new TextDecoder().decode(body)).toBe(`127.0.0.1:${port}`)
})

test.each([
  ['a name with a space', { 'bad header': 'x' }, 'Header name must be a valid HTTP token ["bad header"]'],
  ['a value with a line end', { x: 'a\r\nb' }, 'Invalid character in header content ["x"]'],
])('%s, as other people\'s code may ask for: refused before anything is connected, and nothing fails later', async (_, headers, message) => {
  let connections = 0
  const error = await failure(exchange({ ...get(1), headers }, carrier({ timeoutMs: 20, connect: (host, port) => (connections += 1, connect(port, host)) })))
  expect([error.message, error.sent, connections]).toEqual([message, false, 0])
  // What was thrown in a timer would end the process of the tests.
  await new Promise((later) => setTimeout(later, 60))
})

describe('what goes out and comes back', () => {
  test('method, path, headers and body as they were signed', async () => {
    const seen: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers']; body: string }[] = []
    const port = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() })
        response.writeHead(201, { 'opc-request-id': 'R', 'set-cookie': ['a=1', 'b=2'] }).end('{"done":true}')
      })
    })
    const answer = await exchange({ ...get(port, '/a%3Ab/~c?d=%20'), method: 'POST', body: new TextEncoder().encode('{"é":1}'), headers: { 'x-test': 'a', 'content-length': '8', host: 'signed.example' } }, carrier())
    expect(seen).toMatchObject([{ method: 'POST', url: '/a%3Ab/~c?d=%20', headers: { 'x-test': 'a', host: 'signed.example', connection: 'close', 'content-length': '8' }, body: '{"é":1}' }])
    expect(answer).toMatchObject({ status: 201, headers: { 'opc-request-id': 'R', 'set-cookie': 'a=1, b=2' } })
    expect(Buffer.from(answer.body).toString()).toBe('{"done":true}')
  })

  test('a redirect is an answer like any other', async () => {
    let asked = 0
    const port = await serve((_, response) => {
      asked += 1
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect(await exchange(get(port), carrier())).toMatchObject({ status: 302, headers: { location: '/elsewhere' } })
    expect(asked).toBe(1)
  })

  test('a refusal is an answer too, and nothing is asked twice', async () => {
    let asked = 0
    const port = await serve((_, response) => {
      asked += 1
      response.writeHead(503).end('later')
    })
    expect((await exchange(get(port), carrier())).status).toBe(503)
    expect(asked).toBe(1)
  })
})

describe('bounds', () => {
  const sized = (bytes: number): Promise<number> => serve((_, response) => response.end(Buffer.alloc(bytes)))
  test('8 MiB are read, one byte more is not', async () => {
    expect((await exchange(get(await sized(8 * 1024 * 1024)), carrier())).body).toHaveLength(8 * 1024 * 1024)
    expect(await failure(exchange(get(await sized(8 * 1024 * 1024 + 1)), carrier()))).toMatchObject({ message: 'the answer is larger than 8 MiB', sent: true })
  })

  test('an endless answer is cut off', async () => {
    let written = 0
    const port = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    expect((await failure(exchange(get(port), carrier()))).message).toBe('the answer is larger than 8 MiB')
    expect(written).toBeLessThan(64 * 1024 * 1024)
  })

  test.each([
    ['no answer at all', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nconte'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
  ])('%s within the time: not known whether it arrived', async (_, text) => {
    const port = await listen(createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.write(text)
    }))
    const started = performance.now()
    expect(await failure(exchange(get(port), carrier({ timeoutMs: 300 })))).toMatchObject({ message: 'no answer within 0.3 s', sent: true })
    expect(performance.now() - started).toBeLessThan(3000)
  })

  test('one byte every now and then does not stretch the time', async () => {
    const port = await listen(createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => {
        clearInterval(timer)
      })
    }))
    expect(await failure(exchange(get(port), carrier({ timeoutMs: 300 })))).toMatchObject({ message: 'no answer within 0.3 s', sent: true })
  })
})

describe('broken off', () => {
  test.each([
    ['in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', 'the answer broke off'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab', 'the answer broke off'],
    ['before the head', '', 'socket hang up'],
    ['not HTTP', 'SSH-2.0-OpenSSH\r\n', expect.stringMatching(/^Parse Error/) as unknown as string],
  ])('%s', async (_, text, message) => {
    const port = await listen(createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(text))
    }))
    expect(await failure(exchange(get(port), carrier()))).toMatchObject({ message, sent: true })
  })
})

describe('nothing was sent', () => {
  test('nobody listens', async () => {
    const port = await serve(() => undefined)
    await new Promise((resolve) => running.pop()?.close(resolve))
    expect(await failure(exchange(get(port), carrier()))).toMatchObject({ message: `connect ECONNREFUSED 127.0.0.1:${port}`, sent: false })
  })

  test('the connection never comes about', async () => {
    const stuck: Carrier['connect'] = (host, port) => connect({ host, port, lookup: () => undefined })
    expect(await failure(exchange({ ...get(1), url: 'http://never.example/' }, carrier({ connect: stuck, timeoutMs: 200 })))).toMatchObject({ message: 'no answer within 0.2 s', sent: false })
  })
})

describe('TLS', () => {
  const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length))
  const authority = makeTestAuthority(Date.now(), random)
  const server = issueServerCertificate(authority, Date.now(), random)
  const secure = (): Promise<number> => listen(createTlsServer({ key: server.privateKeyPem, cert: server.certificatePem }, (request, response) => response.end(`${String(request.method)} ${String(request.url)}`)))

  test('with the authority that was named', async () => {
    const answer = await exchange(get(await secure(), '/x', 'https'), carrier({ ca: authority.certificatePem }))
    expect(Buffer.from(answer.body).toString()).toBe('GET /x')
  })

  test('an authority that was not named: refused before a byte of the request is sent', async () => {
    const error = await failure(exchange(get(await secure(), '/x', 'https'), carrier()))
    expect(error.sent).toBe(false)
    expect((error.cause as NodeJS.ErrnoException).code).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED/)
  })

  test('a host that the certificate does not name', async () => {
    const port = await secure()
    const elsewhere: Carrier['connect'] = () => connect(port, '127.0.0.1')
    const error = await failure(exchange({ ...get(443, '/x', 'https'), url: 'https://identity.eu-frankfurt-1.oci.oraclecloud.com/x' }, carrier({ ca: authority.certificatePem, connect: elsewhere })))
    expect(error.sent).toBe(false)
    expect((error.cause as NodeJS.ErrnoException).code).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID|PERMITTED_VIOLATION|UNSPECIFIED/)
  })

  test('plain HTTP behind an https address', async () => {
    const port = await serve((_, response) => response.end())
    expect((await failure(exchange(get(port, '/x', 'https'), carrier({ ca: authority.certificatePem })))).sent).toBe(false)
  })

  test('no warning was printed for an address without a name', async () => {
    await exchange(get(await secure(), '/x', 'https'), carrier({ ca: authority.certificatePem }))
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })
})
