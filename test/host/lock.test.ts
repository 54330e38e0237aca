/** One session at a time, whoever died, and however many look at the same moment. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, uptime } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/canonical.js'
import { takeLock } from '../../src/host/lock.js'
import { CLI } from '../stage/command-line.js'
import { refusal } from '../vectors/refusal.js'

const FOUR = new Date('2026-11-20T04:00:00Z')
// No process has this number: Linux counts to 4194304 at most.
const NOBODY = 4194305
const ANOTHER_BOOT = '00000000-0000-4000-8000-000000000000'
/** This machine was started after that, and before FOUR. */
const BEFORE = '2016-11-20T04:00:00Z'
const LINUX = process.platform === 'linux'
/** Images of containers often have none: what was started again is not told from a machine of the same name then. */
const HAS_NAME = existsSync('/etc/machine-id') && readFileSync('/etc/machine-id', 'utf8').trim() !== ''

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-lock-'))
  path = join(directory, 'lock')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

type Fields = Record<string, unknown>

/** What this process writes into a lock, with changes. */
function written(changes: Fields = {}): string {
  const other = join(directory, 'other')
  const release = takeLock(other, 'break rotate', FOUR)
  const text = readFileSync(other, 'utf8')
  release()
  return JSON.stringify({ ...(JSON.parse(text) as Fields), ...changes }) + '\n'
}

const later = (ms: number): Date => new Date(FOUR.getTime() + ms)
const refused = (now = later(0)): string => refusal(() => takeLock(path, 'resume', now)).message
const taken = (): unknown => {
  const release = takeLock(path, 'resume', FOUR)
  const { what } = JSON.parse(readFileSync(path, 'utf8')) as Fields
  release()
  expect(readdirSync(directory)).toEqual([])
  return what
}

test('a lock that became something else, or that cannot be read, does not hide how the session ended', () => {
  const release = takeLock(path, 'break rotate', FOUR)
  rmSync(path)
  mkdirSync(path)
  release()
  expect(existsSync(path)).toBe(true)
})

test('a lock names its owner and age, says what to do, and is given back', () => {
  const release = takeLock(path, 'break rotate', FOUR)
  expect(refusal(() => takeLock(path, 'resume', later(430_000)))).toMatchObject({
    code: 'CUSTODY_LOCKED',
    message: `this custody folder is in use: break rotate by process ${process.pid} on ${hostname()}, for 7 min`,
    hint: `Wait for it, or find out what it is doing. If that machine is gone for good, is this one and was started again since, or nothing of glasskey runs there any more: rm ${path}, then glasskey resume --custody ${dirname(path)}`,
  })
  release()
  expect(existsSync(path)).toBe(false)
})

test.each([
  [0, 'for 0 s'], [119_000, 'for 119 s'], [120_000, 'for 2 min'], [7_199_000, 'for 120 min'], [7_200_000, 'for 2 h, since 2026-11-20T04:00:00.000Z'], [-1000, 'since 2026-11-20T04:00:00.000Z, says its clock'],
])('after %i ms: %s', (ms, says) => {
  takeLock(path, 'break rotate', FOUR)
  expect(refused(later(ms))).toBe(`this custody folder is in use: break rotate by process ${process.pid} on ${hostname()}, ${says}`)
})

describe('a dead owner loses it', () => {
  test('no such process', () => {
    writeFileSync(path, written({ pid: NOBODY }))
    expect(taken()).toBe('resume')
  })
  test.runIf(LINUX)('the number belongs to another process now', () => {
    writeFileSync(path, written({ began: '1' }))
    expect(taken()).toBe('resume')
    writeFileSync(path, written())
    expect(refused()).toContain(`by process ${process.pid}`)
  })
  test.runIf(LINUX && HAS_NAME)('the machine was started again, whoever has the number now', () => {
    writeFileSync(path, written({ boot: ANOTHER_BOOT, since: BEFORE }))
    expect(taken()).toBe('resume')
  })
  test.runIf(LINUX)('the machine has another name now', () => {
    writeFileSync(path, written({ host: 'as-it-was-called', pid: NOBODY }))
    expect(taken()).toBe('resume')
  })
  test.runIf(LINUX)('it ended, and its parent has not noticed', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [pid] = await lines(parent, 1)
      const stat = `/proc/${pid}/stat`
      while (!readFileSync(stat, 'utf8').includes(') Z ')) await new Promise((done) => setTimeout(done, 5))
      const began = readFileSync(stat, 'utf8').split(') ')[1]?.split(' ')[19]
      writeFileSync(path, written({ pid: Number(pid), began }))
      expect(taken()).toBe('resume')
    } finally {
      parent.kill()
    }
  })
  test('another lock in its place is never removed by who had the first one', () => {
    const release = takeLock(path, 'break rotate', FOUR)
    writeFileSync(path, 'somebody else')
    release()
    expect(readFileSync(path, 'utf8')).toBe('somebody else')
  })
})

describe('what cannot be told counts as alive', () => {
  test('another machine', () => {
    writeFileSync(path, written({ host: 'another-machine', boot: '00000000-0000-4000-8000-000000000000', pid: NOBODY }))
    expect(refused()).toBe(`this custody folder is in use: break rotate by process ${NOBODY} on another-machine, for 0 s`)
  })
  test.runIf(LINUX)('a copy of this machine that shares its name and machine-id: this one ran before the lock was taken', () => {
    writeFileSync(path, written({ boot: ANOTHER_BOOT, since: new Date(FOUR.getTime() - uptime() * 1000 + 60_000).toISOString() }))
    expect(refused()).toContain(`break rotate by process ${process.pid} on ${hostname()}`)
  })
  test.runIf(LINUX).each([{ machine: '0123456789abcdef' }, { since: 'some time' }])('another machine of the same name, or a live system that was started again: %j', (changes) => {
    writeFileSync(path, written({ boot: ANOTHER_BOOT, since: BEFORE, ...changes }))
    expect(refused()).toContain(`break rotate by process ${process.pid} on ${hostname()}`)
  })
  test.runIf(LINUX)('a container, which numbers its processes in its own way', () => {
    writeFileSync(path, written({ pids: 'pid:[1]', pid: NOBODY }))
    expect(refused()).toContain(`by process ${NOBODY}`)
  })
  test('a lock without a start, as on another system: by its number', () => {
    writeFileSync(path, written({ began: null, boot: null, pids: null }))
    expect(refused()).toContain(`by process ${process.pid}`)
    writeFileSync(path, written({ began: null, boot: null, pids: null, pid: NOBODY }))
    expect(taken()).toBe('resume')
  })
  test('a file that gets its text a moment later is somebody else\'s, and not damaged', async () => {
    writeFileSync(path, '')
    const writer = spawn('sh', ['-c', 'sleep 0.1; printf %s "$1" > "$2"', 'sh', written(), path])
    expect(refused()).toContain(`by process ${process.pid}`)
    await new Promise((done) => writer.once('close', done))
  })
  test.each(['', 'null', '[]', '{"pid":', '{"pid":"x"}', '{"pid":-1}', '\xff\xfe'])('a file that is no lock: %j', (text) => {
    const damaged = join(directory, 'a lock')
    writeFileSync(damaged, text, 'latin1')
    expect(refusal(() => takeLock(damaged, 'resume', FOUR))).toMatchObject({
      code: 'CUSTODY_LOCKED',
      message: `this custody folder has a lock that does not say whose it is: ${damaged} is empty or damaged, as a power cut leaves it`,
      hint: `If no other glasskey is at work on this folder: rm '${damaged}', then glasskey resume --custody ${directory}`,
    })
  })
})

describe('twenty at the same moment', () => {
  const RUNNERS = 20
  const ROUNDS = 30

  test.each([
    ['a dead lock', (lock: string) => writeFileSync(lock, written({ pid: NOBODY }))],
    ['a dead lock, and somebody who died while taking it over', (lock: string) => {
      const dead = written({ pid: NOBODY })
      writeFileSync(lock, dead)
      writeFileSync(`${lock}.after-${sha256Hex(dead).slice(0, 16)}`, written({ pid: NOBODY + 1 }))
    }],
    ['no lock', () => undefined],
  ])('%s: exactly one has it, thirty times', async (_, prepare) => {
    const locks = Array.from({ length: ROUNDS }, (__, at) => join(directory, `lock-${at}`))
    locks.forEach(prepare)
    const module = resolve(dirname(CLI), 'host/lock.js')
    // Each tries for every lock in turn, all at the same millisecond, and keeps what it gets until it is told to end. It sleeps
    // until just before: twenty that wait awake leave nothing of the machine to the tests beside them.
    const runner = `
      const { takeLock } = await import(${JSON.stringify(module)})
      const [start, ...locks] = process.argv.slice(1)
      const asleep = new Int32Array(new SharedArrayBuffer(4))
      locks.forEach((lock, at) => {
        const moment = Number(start) + at * 25
        Atomics.wait(asleep, 0, 0, Math.max(0, moment - 1 - Date.now()))
        while (Date.now() < moment);
        try { takeLock(lock, 'race', new Date()); console.log(lock) } catch (error) { if (error.code !== 'CUSTODY_LOCKED') console.log(error.stack) }
      })
      console.log('done')
      process.stdin.resume()`
    const start = Date.now() + 4000
    const runners = Array.from({ length: RUNNERS }, () => spawn(process.execPath, ['--input-type=module', '-e', runner, String(start), ...locks], { stdio: ['pipe', 'pipe', 'inherit'] }))
    try {
      const won = (await Promise.all(runners.map((child) => linesUntil(child, 'done')))).flat()
      expect(won.sort()).toEqual([...locks].sort())
      for (const lock of locks) expect(runners.map(({ pid }) => pid)).toContain((JSON.parse(readFileSync(lock, 'utf8')) as Fields)['pid'])
    } finally {
      for (const child of runners) child.stdin.end()
      await Promise.all(runners.map((child) => new Promise((done) => child.once('close', done))))
    }
  })
})

async function lines(child: ChildProcess, count: number): Promise<string[]> {
  const found: string[] = []
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) if (found.push(line) === count) break
  return found
}

async function linesUntil(child: ChildProcess, end: string): Promise<string[]> {
  const found: string[] = []
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line === end) return found
    found.push(line)
  }
  throw new Error('a runner ended by itself')
}
