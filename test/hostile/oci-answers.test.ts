/** Hostile answers of OCI, or of whoever answers in its place: on the wire, to the strongroom's own reading, and to the clerk. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { runTask } from '../../src/clerk/door.js'
import { Post } from '../../src/clerk/post.js'
import { asRemark, asWords } from '../../src/custody/fields.js'
import { readJournal } from '../../src/record/journal.js'
import { chainLine, EMPTY } from '../../src/record/chain.js'
import { ownUser, type OwnUser } from '../../src/strongroom/own-user.js'
import { heardFromOci } from '../../src/warrant/deadline.js'
import { exchange, ExchangeError, type Answer } from '../../src/wire/exchange.js'
import { manifestOf, SESSIONS, warrantOf } from '../vectors/frozen.js'
import { refusalOf } from '../vectors/refusal.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** What comes of a request to a server that answers so. */
async function ask(answer: (socket: Socket) => void, timeoutMs = 10_000): Promise<Answer | ExchangeError> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      answer(socket)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const carrier = { connect: (host: string, to: number) => connect({ host, port: to }), ca: null, timeoutMs }
  const outcome = await exchange({ method: 'GET', url: `http://127.0.0.1:${port}/x`, body: null, headers: {} }, carrier).catch((error: unknown) => error)
  if (outcome instanceof Error && !(outcome instanceof ExchangeError)) throw outcome
  return outcome as Answer | ExchangeError
}

/** Sends as long as the other side takes it. */
function endless(begin: string, piece: string): (socket: Socket) => void {
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.write(begin)
    socket.on('drain', more)
    more()
  }
}

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

describe('on the wire', () => {
  test.each([
    ['nothing', ''],
    ['rubbish', '\0\0\0\0\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['5,000 headers', `${OK}${Array.from({ length: 5000 }, (_, at) => `x-${at}: y\r\n`).join('')}\r\n`],
    ['a header of a megabyte', `${OK}x: ${'y'.repeat(1e6)}\r\n\r\n`],
    ['more than its length', `${OK}Content-Length: 2\r\n\r\n{}{}`],
    ['less than its length', `${OK}Content-Length: 200\r\n\r\n{}`],
    ['a length below nothing', `${OK}Content-Length: -1\r\n\r\n{}`],
    ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['a length, and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
    ['NUL in opc-request-id', `${OK}opc-request-id: a\0b\r\nContent-Length: 2\r\n\r\n{}`],
    ['NUL in Date', `${OK}Date: \0\r\nContent-Length: 2\r\n\r\n{}`],
    ['an escape sequence in opc-request-id', `${OK}opc-request-id: \u001b[2J\r\nContent-Length: 2\r\n\r\n{}`],
    ['a chunk of no size', `${CHUNKED}ZZZ\r\n`],
    ['a chunk of 16 exabytes', `${CHUNKED}ffffffffffffffff\r\naaaa`],
    ['an extension of a megabyte', `${CHUNKED}1;${'a'.repeat(1e6)}\r\n`],
    ['chunks cut short', `${CHUNKED}2\r\n{}\r\n`],
    ['a thousand times "continue"', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)],
  ])('%s: no answer, and it is known that something was sent', async (_, raw) => {
    const outcome = await ask((socket) => socket.end(raw))
    expect(outcome).toBeInstanceOf(ExchangeError)
    expect(outcome).toMatchObject({ sent: true })
  })

  test.each([
    ['chunks', CHUNKED, `10000\r\n${'a'.repeat(65_536)}\r\n`, 'the answer is larger than 8 MiB'],
    ['trailers', `${CHUNKED}0\r\n`, 'x: y\r\n'.repeat(1000), 'Parse Error: Header overflow'],
    ['headers', OK, 'x: y\r\n'.repeat(1000), 'Parse Error: Header overflow'],
    ['"processing"', '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(10), 'no answer within 1 s'],
    ['"switching protocols", and then silence', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', '', 'no answer within 1 s'],
    ['a byte at a time', `${OK}Content-Length: 100000\r\n\r\n`, '', 'no answer within 1 s'],
  ])('%s without end', async (_, begin, piece, message) => {
    const before = process.memoryUsage().rss
    const outcome = await ask(piece === '' ? (socket) => {
      socket.write(begin)
      const timer = setInterval(() => socket.destroyed ? clearInterval(timer) : socket.write(begin.startsWith(OK) ? 'a' : ''), 20)
    } : endless(begin, piece), 1000)
    expect(outcome).toMatchObject({ name: 'ExchangeError', message })
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024)
  })

  test('a redirection is an answer and is not followed; what is compressed stays so; a doubled header is one text', async () => {
    expect(await ask((socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: http://attacker.example/\r\nContent-Length: 0\r\n\r\n'))).toMatchObject({ status: 302 })
    expect(await ask((socket) => socket.end(`${OK}Content-Encoding: gzip\r\nopc-request-id: a\r\nopc-request-id: b\r\n__proto__: c\r\nContent-Length: 2\r\n\r\n{}`))).toMatchObject({ status: 200, headers: { 'opc-request-id': 'a, b' }, body: new Uint8Array([123, 125]) })
  })
})

/** The strongroom's own reading, where every answer is this one. */
function reading(status: number, body: string | Uint8Array): OwnUser {
  const answer: Answer = { status, headers: {}, body: typeof body === 'string' ? new TextEncoder().encode(body) : body }
  return ownUser({ send: () => Promise.resolve(answer) }, warrantOf(SESSIONS[1]), [manifestOf(2)])
}

const USER = { id: manifestOf(2).user, lifecycleState: 'ACTIVE' }
const key = (change: object): string => JSON.stringify([{ fingerprint: 'aa', lifecycleState: 'ACTIVE', ...change }])

describe('to the strongroom', () => {
  test.each([
    ['nothing', ''],
    ['HTML', '<!DOCTYPE html><title>Sign in</title>'],
    ['JSON cut short', '[{"fingerprint":'],
    ['null', 'null'],
    ['a number', '7'],
    ['another shape', '{"items":[]}'],
    ['bytes', new Uint8Array([0xff, 0xfe, 0, 0])],
    ['brackets', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
    ['100,000 keys', JSON.stringify(Array(100_000).fill({ fingerprint: 'aa', keyValue: null, lifecycleState: 'ACTIVE' }))],
    ['a fingerprint of a megabyte', key({ fingerprint: 'a'.repeat(1_000_000) })],
    ['half a surrogate pair', '[{"fingerprint":"\\ud800","lifecycleState":"ACTIVE"}]'],
    ['a state that is an object', key({ lifecycleState: { toString: 1 } })],
  ])('%s in place of the key list', async (_, body) => {
    const error = await refusalOf(() => reading(200, body).listKeys())
    expect(error.code).toBe('OCI_REFUSED')
    expect(error.message.length).toBeLessThan(300)
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })

  test.each([
    ['null', 'null', 'null'],
    ['nothing', '', 'without a word'],
    ['HTML with an escape sequence', '<html>\u001b[2J\n\u009b2J', '<html> [2J 2J'],
    ['a code that is an object', '{"code":{"toString":1},"message":[[]]}', '{"code":{"toString":1},"message":[[]]}'],
    ['brackets', '['.repeat(1_000_000), '['.repeat(200)],
    ['OCI\'s own shape', '{"code":"NotAuthorizedOrNotFound","message":"no\\nsuch\\tkey"}', 'NotAuthorizedOrNotFound: no such key'],
    ['a long story', `{"code":"X","message":"${'y'.repeat(10_000)}"}`, `X: ${'y'.repeat(197)}`],
  ])('a refusal that says %s', async (_, body, words) => {
    expect(await refusalOf(() => reading(500, body).listKeys())).toMatchObject({ code: 'OCI_REFUSED', message: `OCI refused to list the own keys: 500 ${words}` })
  })

  test('a name twice: the last one counts, as in every reader of JSON, and it is checked', async () => {
    expect(await reading(200, '[{"fingerprint":1,"fingerprint":"aa","lifecycleState":"ACTIVE"}]').listKeys()).toMatchObject([{ fingerprint: 'aa', generation: null }])
    expect(await reading(200, `{"id":"x","__proto__":{"lifecycleState":"ACTIVE"},"constructor":1,"lifecycleState":"INACTIVE"}`).readUser()).toMatchObject({ lifecycleState: 'INACTIVE' })
  })

  test('a key value of anything is nobody\'s', async () => {
    for (const keyValue of ['x', '-----BEGIN PUBLIC KEY-----\n'.repeat(10_000), `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(100_000)}\n-----END PUBLIC KEY-----`]) {
      expect(await reading(200, key({ keyValue })).listKeys()).toMatchObject([{ spkiSha256: null, generation: null }])
    }
  })

  test('any answer is read or refused, and what is read can be written down', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.record({ fingerprint: fc.string({ unit: 'binary' }), keyValue: fc.option(fc.string()), lifecycleState: fc.string({ unit: 'binary' }) }).map((one) => [one]), fc.constant(USER))
    await fc.assert(fc.asyncProperty(value, fc.constantFrom(200, 204, 400, 401, 404, 500, 999), async (body, status) => {
      const user = reading(status, JSON.stringify(body))
      let keys: Awaited<ReturnType<typeof user.listKeys>>
      try {
        keys = await user.listKeys()
      } catch (error) {
        expect(error).toMatchObject({ code: 'OCI_REFUSED' })
        return
      }
      const { text } = chainLine(EMPTY, '2026-11-20T04:00:00.000Z', { type: 'listed', profile: 'P', blocked: false, keys: keys.map((one) => ({ ...one })) })
      expect(readJournal(text + '\n').lines).toHaveLength(1)
    }), { numRuns: 300 })
  })

  test('the largest census that is read fits into one line of a journal', async () => {
    const page = JSON.stringify(Array(1000).fill({ ...USER, id: 'x'.repeat(255), groupId: 'g'.repeat(255), fingerprint: 'f'.repeat(200), lifecycleState: 'S'.repeat(255) }))
    const keys = await reading(200, page).listKeys()
    const found = { lifecycleState: 'ACTIVE', blocked: false, keys: keys.map((one) => ({ ...one })), groups: Array<string>(1000).fill('g'.repeat(255)), credentials: {} }
    expect(readJournal(chainLine(EMPTY, '2026-11-20T04:00:00.000Z', { type: 'census', when: 'before-action', found, unexpected: [] }).text + '\n').lines).toHaveLength(1)
  })
})

test.each(['', 'yesterday', '\0', 'Fri, 13 Sep 275760 00:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT', 'Thu, 01 Jan 1903 00:00:00 GMT', '+999999-01-01', 'x'.repeat(16_000)])('the Date %j moves no clock', (date) => {
  const watch = { deadline: 1, start: { wall: 0, uptime: 0 }, offset: 7 }
  expect(heardFromOci(watch, date, { wall: Date.UTC(2026, 10), uptime: 0 })).toBe(watch)
})

test('words from outside: one line, whole characters, an end', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
    for (const words of [asWords(text), asRemark(text)]) {
      expect(words).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]{0,400}$/u)
      expect(words.isWellFormed()).toBe(true)
    }
  }))
  expect(asWords('x'.repeat(399) + '😀')).toBe('x'.repeat(399) + '\ufffd')
  expect(asRemark(' \n\0 ')).toBe('no reason given')
})

/** Two ends of a pipe. */
function pipe(): [Duplex, Duplex] {
  const ends: Duplex[] = []
  const end = (other: number): Duplex => new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => {
      ends[other]?.push(chunk)
      done()
    },
  })
  ends.push(end(1), end(0))
  return ends as [Duplex, Duplex]
}

describe('to the clerk', () => {
  test.each([
    [999, {}, 'OCI answered 999 in a form that is no HTTP'],
    [0, {}, 'OCI answered 0 in a form that is no HTTP'],
    [200, { 'opc-request-id': 'a\0b' }, 'OCI answered 200 in a form that is no HTTP'],
    [200, { 'x\ny': 'z' }, 'OCI answered 200 in a form that is no HTTP'],
  ])('status %i and headers %j end the task, not the clerk', async (status, headers, message) => {
    const [near, far] = pipe()
    const post = new Post(far, () => undefined)
    near.once('data', () => near.write(JSON.stringify({ answer: 1, status, headers, body: '' }) + '\n'))
    await expect(post.send({ method: 'GET', uri: 'http://127.0.0.1/', headers: new Headers() } as never)).rejects.toThrow(message)
  })

  test('answers that have no body are given without one', async () => {
    for (const status of [204, 205, 304]) {
      const [near, far] = pipe()
      const post = new Post(far, () => undefined)
      near.once('data', () => near.write(JSON.stringify({ answer: 1, status, headers: {}, body: Buffer.from('<html>').toString('base64') }) + '\n'))
      expect((await post.send({ method: 'GET', uri: 'http://127.0.0.1/', headers: new Headers() } as never)).status).toBe(status)
    }
  })

  test.each([
    ['no JSON', 'rubbish\n', 'the clerk failed: it sent something that is no message'],
    ['brackets', `{"done":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}\n`, 'the clerk failed: it sent something that is no message'],
    ['a line without end', 'x'.repeat(5 * 1024 * 1024), 'the clerk failed: it sent a line without end'],
    ['two messages in one', '{"done":1,"error":2}\n', 'the clerk failed: it sent something that is no message'],
    ['words with an escape sequence', '{"error":{"message":"\\u001b[2J\\ud800x","status":500,"code":"\\u009b"}}\n', 'OCI answered 500  :  [2J\ufffdx'],
    ['an error of nothing but full stops', `{"error":{"message":"${'.'.repeat(4_000_000)}","status":null,"code":null}}\n`, 'no reason given'],
    // What looks for the last one must not begin anew at each of them: the exit of a live key waits meanwhile.
    ['full stops without end that lead to another sign', `{"error":{"message":"${'.'.repeat(4_000_000)}x","status":null,"code":null}}\n`, 'no reason given'],
    ['a sentence with its full stop', '{"error":{"message":"The key is not there. ","status":404,"code":"NotFound"}}\n', 'OCI answered 404 NotFound: The key is not there'],
  ])('and from it: %s', async (_, said, message) => {
    const [near, far] = pipe()
    far.once('data', () => far.write(said))
    expect((await refusalOf(() => runTask(near, { task: 'warm', params: {} }, () => Promise.reject(new Error('none'))))).message).toBe(message)
  })

  test('requests without end, none of which is carried: the task ends, and no refusal is kept for a clerk that does not read', async () => {
    const [near, far] = pipe()
    const ask = JSON.stringify({ request: 1, method: 'GET', url: 'http://127.0.0.1/', contentType: null, headers: {}, body: null }) + '\n'
    far.once('data', () => far.write(ask.repeat(1000)))
    let asked = 0
    const carry = (): Promise<never> => {
      asked += 1
      return Promise.reject(new Error(`refused ${asked}`))
    }
    await expect(runTask(near, { task: 'warm', params: {} }, carry)).rejects.toThrow('refused 1')
    expect(asked).toBe(51)
  })

  test('it says nothing: the task ends, also where it had asked for something before; that it is waited for does not count', async () => {
    const [near, far] = pipe()
    const slowly = (): Promise<never> => new Promise((_, refuse) => setTimeout(() => {
      refuse(new Error('slow'))
    }, 120))
    far.once('data', () => far.write(JSON.stringify({ request: 1, method: 'GET', url: 'http://127.0.0.1/', contentType: null, headers: {}, body: null }) + '\n'))
    expect((await refusalOf(() => runTask(near, { task: 'warm', params: {} }, slowly, undefined, 50))).message).toBe('the clerk failed: it said nothing for 0.05 s')
    const [mute] = pipe()
    expect((await refusalOf(() => runTask(mute, { task: 'warm', params: {} }, slowly, new AbortController().signal, 50))).message).toBe('the clerk failed: it said nothing for 0.05 s')
    const [left] = pipe()
    expect((await refusalOf(() => runTask(left, { task: 'warm', params: {} }, slowly, AbortSignal.timeout(20), 5000))).message).toBe('the clerk failed: its process ended')
  })

  test('a character across two chunks stays one', async () => {
    const [near, far] = pipe()
    const said = Buffer.from('{"done":"Ž"}\n')
    far.once('data', () => {
      far.write(said.subarray(0, 10))
      setTimeout(() => far.write(said.subarray(10)), 10)
    })
    expect(await runTask(near, { task: 'warm', params: {} }, () => Promise.reject(new Error('none')))).toBe('Ž')
  })
})
