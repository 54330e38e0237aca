/** The process of the page's server: what goes out, what may come in, and when it ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tellReader, type Verdict } from '../../src/host/verdict.js'

const MAIN = resolve(import.meta.dirname, '../../dist/camera/main.js')
const TOKEN = 'T'.repeat(22)
const verdict = (words: string, more = 1): Verdict => ({ tone: 'plain', words, more })

let child: ChildProcess
let pipe: Duplex
let lines: string[]
let origin: string
let session: string

beforeEach(async () => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle
  child = spawn(process.execPath, [MAIN], { env: {}, stdio: ['pipe', 'ignore', 'ignore', 'pipe', fd] })
  origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  listener.close()
  child.stdin?.end(JSON.stringify({ token: TOKEN, browser: null }))
  pipe = child.stdio[3] as Duplex
  pipe.on('error', () => undefined)
  lines = []
  createInterface({ input: pipe }).on('line', (line) => lines.push(line))
  tellReader(pipe, verdict('begin', 2))
  const entered = await post('/enter', { token: TOKEN })
  session = ((await entered.json()) as { session: string }).session
})

afterEach(() => {
  child.kill('SIGKILL')
})

function post(path: string, body: object): Promise<Response> {
  return fetch(origin + path, { method: 'POST', headers: { origin, 'content-type': 'application/json', 'x-glasskey-session': session }, body: JSON.stringify(body) })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((again) => setTimeout(again, 10))
}

test('texts go out one at a time, and each gets the verdict that is its own', async () => {
  const asked = ['GK1AAAA', 'GK1BBBB'].map(async (text) => (await post('/show', { text, how: 'seen' })).json())
  await until(() => lines.length === 1)
  await new Promise((later) => setTimeout(later, 100))
  expect(lines).toHaveLength(1)
  const [first = ''] = lines
  tellReader(pipe, verdict('one'))
  await until(() => lines.length === 2)
  tellReader(pipe, verdict('two'))
  const answers = (await Promise.all(asked)) as Verdict[]
  expect(answers.map(({ words }) => words)).toEqual(first.includes('AAAA') ? ['one', 'two'] : ['two', 'one'])
  expect(JSON.parse(first)).toEqual({ file: 'the camera', page: 1, text: expect.stringMatching(/^GK1(A|B){4}$/) as string })
})

test('with the last sheet the page is told, and then whoever judges', async () => {
  const answer = post('/show', { text: 'gk1 typed', how: 'typed' })
  await until(() => lines.length === 1)
  tellReader(pipe, verdict('enough', 0))
  expect(await (await answer).json()).toMatchObject({ words: 'enough', more: 0 })
  await until(() => lines.length === 2)
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([{ file: 'typed on the page', page: 1, text: 'gk1 typed' }, { done: true }])
})

test('it ends when whoever judges is gone', async () => {
  const ended = once(child, 'exit')
  pipe.destroy()
  await ended
})

test('it ends on a verdict that is none', async () => {
  const ended = once(child, 'exit')
  const answer = post('/show', { text: 'GK1AAAA', how: 'seen' }).then(() => 'answered', () => 'refused')
  await until(() => lines.length === 1)
  pipe.write('{"tone":"good","words":"all is well","more":0,"and":"more"}\n')
  expect(await answer).toBe('refused')
  pipe.end()
  await ended
})

test('words for people have an end', async () => {
  const answer = post('/show', { text: 'GK1AAAA', how: 'seen' })
  await until(() => lines.length === 1)
  tellReader(pipe, verdict('x'.repeat(5000)))
  expect(await (await answer).json()).toEqual(verdict('x'.repeat(1000)))
})
