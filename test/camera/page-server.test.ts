import { request as httpRequest } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PageServer } from '../../src/camera/page-server.js'
import type { Verdict } from '../../src/host/verdict.js'

const TOKEN = 'A'.repeat(22)
const SHARE = 'GKR1QPZRY9X8GF2TVDW0'
const FILES = new Map([['/', { type: 'text/html; charset=utf-8', bytes: new Uint8Array(Buffer.from('<!doctype html>')) }]])
const GREETING: Verdict = { tone: 'plain', words: 'GENERATION 2', more: 2 }

let page: PageServer
let port: number
let shown: string[]
let events: string[]

beforeEach(async () => {
  [shown, events] = [[], []]
  page = new PageServer(TOKEN, FILES, {
    show: (text, how) => {
      shown.push(`${how} ${text}`)
      return Promise.resolve({ tone: 'good', words: `taken: ${shown.length}`, more: 1 })
    },
    done: () => events.push('done'),
    away: () => events.push('away'),
  })
  page.greet(GREETING)
  page.server.listen(0, '127.0.0.1')
  await once(page.server, 'listening')
  port = (page.server.address() as AddressInfo).port
})

afterEach(() => {
  page.server.closeAllConnections()
  page.server.close()
})

interface Answer { status: number, headers: Record<string, unknown>, body: string }

function ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let said = ''
      response.on('data', (chunk: Buffer) => (said += chunk.toString()))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: said }))
    })
    asking.once('error', reject)
    asking.end(body)
  })
}

/** As the page asks. */
function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return ask('POST', path, { origin: `http://127.0.0.1:${port}`, 'content-type': 'application/json', ...headers }, JSON.stringify(body))
}

async function enter(): Promise<Record<string, string>> {
  const { session } = JSON.parse((await post('/enter', { token: TOKEN })).body) as { session: string }
  return { 'x-glasskey-session': session }
}

describe('who is let in', () => {
  test('the token opens the page once; who comes second is told so', async () => {
    const first = await post('/enter', { token: TOKEN })
    expect(first.status).toBe(200)
    expect(JSON.parse(first.body)).toMatchObject({ verdicts: [GREETING] })
    const second = await post('/enter', { token: TOKEN })
    expect(second).toMatchObject({ status: 403, body: '{"refused":"the page is open in another window or browser already: it can be opened once"}' })
  })

  test.each(['', 'A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}B`])('a wrong token is refused, and does not use up the right one, %#', async (token) => {
    expect(await post('/enter', { token })).toMatchObject({ status: 403, body: '{"refused":"the address is not complete: open it exactly as the terminal shows it"}' })
    expect((await post('/enter', { token: TOKEN })).status).toBe(200)
  })

  test('a reload comes back with the session of its tab, and sees what was judged', async () => {
    const session = await enter()
    await post('/show', { text: SHARE, how: 'seen' }, session)
    const again = await post('/enter', { session: session['x-glasskey-session'] })
    expect(JSON.parse(again.body)).toMatchObject({ verdicts: [GREETING, { words: 'taken: 1' }] })
  })

  test.each(['/show', '/done', '/present'])('without a session %s is refused', async (path) => {
    await enter()
    for (const session of [{}, { 'x-glasskey-session': '' }, { 'x-glasskey-session': 'A'.repeat(32) }] as Record<string, string>[]) {
      expect(await post(path, { text: SHARE, how: 'seen' }, session)).toMatchObject({ status: 403 })
    }
    expect([shown, events]).toEqual([[], []])
  })

  test('a name that was rebound to this machine is refused, for files too', async () => {
    for (const host of [`evil.example:${port}`, `localhost:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`]) {
      expect(await ask('GET', '/', { host })).toMatchObject({ status: 403, body: '{"refused":"this page has another address"}' })
    }
    expect((await ask('GET', '/')).status).toBe(200)
  })

  test('a page of another origin cannot ask, whatever it knows', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { origin: `http://localhost:${port}` }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'none' }] as Record<string, string>[]) {
      expect(await post('/enter', { token: TOKEN }, headers)).toMatchObject({ status: 403, body: '{"refused":"only this page itself may ask"}' })
    }
    // A form can be sent across origins; it cannot be JSON.
    expect((await post('/enter', { token: TOKEN }, { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await ask('POST', '/enter', { 'content-type': 'application/json' }, JSON.stringify({ token: TOKEN }))).status).toBe(403)
    expect(page.entered).toBe(false)
  })

  test.each(['PUT', 'DELETE', 'OPTIONS', 'HEAD'])('%s is refused', async (method) => {
    expect((await ask(method, '/')).status).toBe(405)
  })

  test.each(['/../settings.js', '/page/', '//', '/?', '/%2e%2e/main.js', '/main.js', 'http://evil.example/'])('%s is no file', async (path) => {
    expect((await ask('GET', path)).status).toBe(404)
  })
})

describe('what every answer carries', () => {
  test('nothing is loaded from elsewhere, framed, stored, or told where it came from', async () => {
    for (const { headers } of [await ask('GET', '/'), await ask('GET', '/nothing'), await post('/enter', { token: TOKEN }), await ask('GET', '/', { host: 'evil.example' })]) {
      expect(headers).toMatchObject({
        'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers['permissions-policy']).toMatch(/^camera=\(self\), microphone=\(\)/)
    }
  })
})

describe('texts', () => {
  test('each is judged once, however often it is seen', async () => {
    const session = await enter()
    for (let time = 0; time < 3; time += 1) expect(JSON.parse((await post('/show', { text: SHARE, how: 'seen' }, session)).body)).toEqual({ tone: 'good', words: 'taken: 1', more: 1 })
    expect(shown).toEqual([`seen ${SHARE}`])
  })

  test('a code of somebody else goes no further; what is typed does, to be told what is wrong with it', async () => {
    const session = await enter()
    expect(await post('/show', { text: 'WIFI:S:home;P:secret;;', how: 'seen' }, session)).toMatchObject({ status: 400, body: '{"refused":"this is not a code of a sheet"}' })
    await post('/show', { text: ' gkr1 qpzr\ny9x8 ', how: 'typed' }, session)
    expect(shown).toEqual(['typed gkr1 qpzr\ny9x8'])
  })

  test.each([[{ text: 'G'.repeat(400), how: 'typed' }, 200], [{ text: 'G'.repeat(401), how: 'typed' }, 400], [{ text: `GK1${'Q'.repeat(4297)}`, how: 'seen' }, 200], [{ text: `GK1${'Q'.repeat(4298)}`, how: 'seen' }, 400],
    [{ text: '', how: 'typed' }, 400], [{ text: '   ', how: 'typed' }, 400], [{ text: SHARE }, 400], [{ text: SHARE, how: 'heard' }, 400], [{ text: 7, how: 'seen' }, 400], [[], 400]])('bounds, %#', async (body, status) => {
    expect((await post('/show', body, await enter())).status).toBe(status)
  })

  test('a body without an end is not read to its end', async () => {
    const session = await enter()
    expect((await post('/show', { text: 'G'.repeat(16 * 1024), how: 'typed' }, session)).status).toBe(413)
    expect((await ask('POST', '/show', { origin: `http://127.0.0.1:${port}`, 'content-type': 'application/json', ...session }, '{')).status).toBe(400)
  })
})

test('people may say that this is all', async () => {
  expect((await post('/done', {}, await enter())).status).toBe(200)
  expect(events).toEqual(['done'])
})
