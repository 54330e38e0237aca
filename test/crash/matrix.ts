/**
 * Dying at every point of a flow.
 *
 * A flow is run once to its end, and every durable write and every request of it is noted. Then it is run again for each
 * of these points, and desk, strongroom or clerk is killed there; people do what `status` tells them; and all must be well.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Moment, Observe } from '../../src/simulator/listener.js'
import type { Ended } from '../stage/command-line.js'
import { assertNothingBlind, isChange } from '../stage/cloud-truth.js'
import type { PlayedFlow } from '../stage/flows.js'
import { assertAllWell, assertNothingSilent, assertSaidWhatNext, doAsTold, type Otherwise } from '../stage/laws.js'
import type { DurableWrite, Plan, Role, Synced } from '../stage/played.js'
import { loseKeptLines } from '../stage/playing.js'
import { killOf, processesOf } from '../stage/processes.mjs'
import { classOf, Counter, refuseMissed, shareOf, type Kinds } from '../stage/points.js'
import { settled, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { watched } from '../stage/watched.js'

/** A flow that can be interrupted. */
export interface Flow extends PlayedFlow {
  /** What CI plays of it, where another flow writes in the same way, and faster; everything when left out. */
  inCi?: (what: string) => boolean
  /** What people do afterwards; `doAsTold` when left out. */
  finish?: (stage: Rehearsal, ended?: Ended) => Promise<unknown>
  /** What must hold then; `assertAllWell` when left out. */
  check?: (stage: Rehearsal, otherwise: Otherwise) => Promise<void>
}

/** A place to die, or a line of the journal from which on the disk fails. */
export type Point =
  | { at: 'write'; write: DurableWrite; phase: 'before' | 'torn' | 'after'; victim: Role | 'machine'; tail?: 'lost' | 'garbled' | 'zeros' }
  | { at: 'request'; request: string; phase: Moment; victim: Role }
  | { at: 'disk'; from: string; nth: number; error: 'ENOSPC' | 'EIO' | 'EROFS' | 'ENOENT'; lost?: boolean }

/** Time runs this much faster than life: proofs take minutes otherwise. */
const SPEED = 8

/** Of a reading that is repeated until something is so, this many are told apart; of changes, each. */
const REPEATS = 2

/** OCI takes its time here, too: a successor that is not accepted yet, and a key that is not refused yet, are when it counts (s). */
const SLOW: Staging = { activationDelay: { 'eu-frankfurt-1': 5, 'eu-amsterdam-1': 8 }, revocationDelay: { 'eu-frankfurt-1': 5, 'eu-amsterdam-1': 8 } }

/** How often a point is tried until somebody dies there: what is polled is asked more or less often. */
const ATTEMPTS = 2

/** min; no command takes longer, on a machine that is busy too. */
const ENDLESS = 45

/** Dies at every point of a flow, as tests; at a share of them where GLASSKEY_MATRIX says so. */
export async function dieAtEveryPoint(flow: Flow): Promise<void> {
  const all = (await pointsOf(flow)).filter((point) => process.env['GLASSKEY_MATRIX'] !== 'kinds' || (flow.inCi?.(kindsOf(point).what) ?? true))
  const points = shareOf(all, kindsOf)
  describe(flow.name, () => {
    let met = 0
    const missed: string[] = []
    test.concurrent.for(points.map((point) => [nameOf(point), point] as const))('%s', async ([name, point], { skip }) => {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        if (!(await dieAt(flow, point))) continue
        met += 1
        return
      }
      missed.push(name)
      skip('nobody died: the flow did not come to this point')
    })
    afterAll(() => {
      console.log(`${flow.name}: ${met} crash points of ${all.length}`)
      refuseMissed(missed, points.length)
    })
  })
}

/** Runs the flow to its end and notes where it can be interrupted. Throws when a change is asked for, or the flow ends, with something that is not durable yet. */
async function pointsOf(flow: Flow): Promise<Point[]> {
  const points: Point[] = []
  const seen = new Counter()
  let desk = 0
  let log = ''
  let unsynced: string | undefined
  const observe: Observe = (moment, request) => {
    if (moment !== 'received' || desk === 0) return undefined
    const kind = classOf(request)
    const nth = seen.next(kind)
    const name = `${kind} #${nth + 1}`
    // A probe may be sent while what another one found is being written.
    if (isChange(request)) unsynced ??= notDurable(log).map((path) => `${path}, when ${name} was sent`).at(0)
    const alive = new Set(processesOf(desk).map(({ is }) => is))
    for (const victim of VICTIMS) {
      if (alive.has(victim) && (isChange(request) || nth < REPEATS)) points.push(...(['received', 'done', 'answered'] as const).map((phase): Point => ({ at: 'request', request: name, phase, victim })))
    }
    return undefined
  }
  const stage = await flow.open({ observe, speed: SPEED, ...SLOW })
  try {
    log = join(stage.directory, 'writes.jsonl')
    await settled(stage, SLOW)
    const { code, stderr } = await stage.run(flow.args(stage), { onStart: (pid) => (desk = pid) }, { log })
    if (code !== (flow.ends ?? 0)) throw new Error(`${flow.name} ended with ${code} before anything was done to it:\n${stderr}`)
    unsynced ??= notDurable(log).map((path) => `${path}, at the end`).at(0)
    if (unsynced !== undefined) throw new Error(`${flow.name}: not durable: ${unsynced}`)
    const writes = notesIn(log).filter((note) => 'what' in note)
    for (const write of writes) {
      const phases = (['before', 'torn', 'after'] as const).filter((phase) => phase !== 'torn' || isLine(write))
      points.push(...phases.map((phase): Point => ({ at: 'write', write, phase, victim: write.role })))
      for (const victim of write.alive) if (victim !== write.role && VICTIMS.includes(victim)) points.push({ at: 'write', write, phase: 'after', victim })
      // The power goes before the line is synced: what the disk has then is anybody's guess.
      if (isLine(write)) points.push(...(['lost', 'garbled', 'zeros'] as const).map((tail): Point => ({ at: 'write', write, phase: 'after', victim: 'machine', tail })))
    }
    const last = new Map<string, number>()
    for (const { what, nth } of writes.filter(isLine)) last.set(what, Math.max(nth, last.get(what) ?? 1))
    for (const [from, most] of last) {
      for (const nth of new Set([1, most])) points.push(...(['ENOSPC', 'EIO', 'EROFS', 'ENOENT'] as const).map((error): Point => ({ at: 'disk', from, nth, error })), { at: 'disk', from, nth, error: 'ENOENT', lost: true })
    }
  } finally {
    await stage.close()
  }
  return points
}

function notesIn(log: string): (DurableWrite | Synced)[] {
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as DurableWrite | Synced) : []
}

/** Files that were written, and folders whose names changed, and that were not synced since. What is only removed may come back. */
function notDurable(log: string): string[] {
  const open = new Set<string>()
  for (const note of notesIn(log)) {
    if ('synced' in note) open.delete(note.synced)
    else if (['linkSync', 'renameSync', 'mkdirSync'].includes(note.what)) {
      if (note.from !== undefined && open.has(note.from)) return [note.from]
      open.add(dirname(note.path))
    } else if (['unlinkSync', 'rmSync'].includes(note.what)) open.delete(note.path)
    else open.add(note.path)
  }
  return [...open]
}

const VICTIMS: readonly Role[] = ['desk', 'strongroom', 'clerk']

/** Plays the flow to the point, and then what people do. Answers whether anybody died there, or the disk failed. */
async function dieAt(flow: Flow, point: Point): Promise<boolean> {
  const seen = new Counter()
  let desk = 0
  let died = false
  let killed = 0
  const observe: Observe = (moment, request) => {
    if (point.at !== 'request' || desk === 0 || died) return undefined
    const kind = classOf(request)
    if (moment === 'received') seen.next(kind)
    const name = `${kind} #${seen.of(kind)}`
    if (name !== point.request || moment !== point.phase) return undefined
    died = true
    killed = killOf(desk, point.victim)
    return moment === 'answered' ? undefined : 'drop'
  }
  return watched(flow, { observe, speed: SPEED, ...SLOW }, async (stage) => {
    await settled(stage, SLOW)
    const mark = join(stage.directory, 'it-happened')
    const began = stage.cloud.now()
    const ended = await stage.run(flow.args(stage), { onStart: (pid) => (desk = pid) }, planFor(point, stage.custody, mark))
    desk = 0
    if (point.at === 'request' ? killed === 0 : !existsSync(mark)) return false
    const diedAt = Math.max(-1, ...stage.cloud.requests.map(({ arrival }) => arrival)) + 1
    const written = point.at === 'write' ? readFileSync(mark, 'utf8') : ''
    rmSync(mark, { force: true })
    expect((stage.cloud.now() - began) / 60_000, 'minutes that it took').toBeLessThan(ENDLESS)
    if (point.at === 'write' && point.tail) spoilTail(written, point.tail)
    if (flow.finish === undefined) assertSaidSo(stage, point, ended)
    else assertKilled(point, ended)
    const linesLost = point.at === 'disk' && point.lost === true
    if (linesLost) loseKeptLines(ended)
    await (flow.finish ?? doAsTold)(stage, linesLost ? undefined : ended)
    assertNothingBlind(stage.cloud.requests, [diedAt])
    await (flow.check ?? assertAllWell)(stage, { linesLost })
    return true
  })
}

function planFor(point: Point, folder: string, mark: string): Partial<Plan> {
  switch (point.at) {
    case 'write':
      return { kill: { ...point.write, phase: point.phase, victim: point.victim, mark } }
    case 'disk':
      return { disk: { from: point.from, nth: point.nth, error: point.error, folder, mark } }
    case 'request':
      return {}
  }
}

/** Lines that no disk took are either on it after all, or a command that the desk printed brings them back. */
function assertKept({ code, stderr }: Ended): void {
  const kept = stderr.split('No disk takes the journal')
  if (code === -1 || kept.length === 1 || (kept.at(-1) ?? '').includes('has every line of it')) return
  expect(stderr, 'how the lines come back').toMatch(/The lines of its journal that are missing, \d+, are kept in \S+\n.*glasskey resume --custody \S+ --session \S+ --kept-lines \S+$/m)
}

/** A desk that lives says how it ended, and never with an error of its own making; a key that may be alive is said in red, with the command that goes on. */
function assertSaidSo(stage: Rehearsal, point: Point, ended: Ended): void {
  assertKilled(point, ended)
  assertKept(ended)
  assertNothingSilent(stage, ended)
  if ([0, 3, 6].includes(ended.code)) assertSaidWhatNext(stage, ended)
}

function assertKilled(point: Point, { code, stdout, stderr }: Ended): void {
  const victim = point.at === 'disk' ? null : point.victim
  if (victim === 'desk' || victim === 'machine') expect(code, 'the desk was killed').toBe(-1)
  else if (point.at === 'disk' && code === 2) expect(stderr).toMatch(/^FILE_UNWRITABLE: (the session is over and entered, and not all of it is on paper: )?nothing can be written at |^FILE_MISSING: the session is over and entered, and not all of it is on paper: /m)
  else if (code === 1) expect(stderr).toMatch(victim === 'clerk' ? /^INTERNAL: the clerk failed: its process ended/m : /^INTERNAL: the strongroom ended without a word; no key was live/m)
  else expect([0, 3, 6], `the desk's own end:\n${stderr}\n${stdout}`).toContain(code)
}

/** The last line of the journal or logbook that was written to, as a disk may have it that lost its power. */
function spoilTail(path: string, tail: 'lost' | 'garbled' | 'zeros'): void {
  const text = readFileSync(path, 'utf8')
  const start = text.trimEnd().lastIndexOf('\n') + 1
  const length = Buffer.byteLength(text.slice(start))
  truncateSync(path, Buffer.byteLength(text.slice(0, start)))
  if (tail === 'garbled') appendFileSync(path, Buffer.concat([Buffer.from(text.slice(start, start + length / 3)), randomBytes(length), Buffer.from('\n')]))
  if (tail === 'zeros') appendFileSync(path, Buffer.alloc(length))
}

function isLine({ file, what }: DurableWrite): boolean {
  return /(journal|logbook)\.jsonl$/.test(file) && !what.endsWith('Sync') && what !== 'write'
}

function nameOf(point: Point): string {
  if (point.at === 'request') return `${point.victim} dies when ${point.request} is ${point.phase}`
  if (point.at === 'disk') return `the disk fails from ${point.from} #${point.nth} on with ${point.error}${point.lost ? ', and the machine is lost' : ''}`
  const { role, nth, what, file } = point.write
  return `${point.victim} dies ${point.phase} ${role}'s write ${nth}, ${what} of ${file}${point.tail ? `, which is ${point.tail}` : ''}`
}

/** The place, and the way to die there. */
function kindsOf(point: Point): Kinds {
  if (point.at === 'request') return { place: point.request.replace(/ [a-z0-9-]+ #\d+$/, ''), what: `request ${point.phase} ${point.victim}` }
  if (point.at === 'disk') return { what: `disk ${point.error}${point.lost ? ', lines lost' : ''}` }
  const { role, what } = point.write
  return { place: `${role} ${what}`, what: `write ${point.phase} ${point.victim} ${point.tail ?? ''}` }
}
