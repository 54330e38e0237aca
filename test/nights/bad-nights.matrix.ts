/**
 * Bad nights: what the matrices do once and at one place, here by chance, several times, and to the commands that mend it too.
 *
 * Each night is drawn from a seed, which is printed: a flow, slow clouds, faults here and there, and what happens to the first
 * commands: a process is killed at a request, or stops for a while, a signal comes, the power goes, the disk fails, and with it the machine may be lost; and in most nights what may happen after
 * any of them, as soon as there are two keys: an administrator deletes the used one by hand, or its sheets are lost. People do what was printed, or what `status` says, each time. Then the weather is good, and all must be well. GLASSKEY_SEED=N plays the nights of a seed again,
 * GLASSKEY_NIGHTS=N so many of them, GLASSKEY_NIGHTS=N-M those.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Moment, Observe } from '../../src/simulator/listener.js'
import { places } from '../../src/host/sealed-folder.js'
import { assertNothingBlind } from '../stage/cloud-truth.js'
import type { Ended } from '../stage/command-line.js'
import { FAULTS, PASSING, type Fault } from '../stage/faults.js'
import { byRemover, deferred, disabling, releasing, rotating, takingOver } from '../stage/flows.js'
import { DEEDS, isDone } from '../stage/deeds.js'
import { assertAllWell, assertNothingSilent, assertSaidWhatNext, doAsTold, nextAfter } from '../stage/laws.js'
import { loseKeptLines } from '../stage/playing.js'
import { killOf, processesOf } from '../stage/processes.mjs'
import type { Plan, Role } from '../stage/played.js'
import type { Rehearsal, Staging } from '../stage/rehearsal.js'
import { fairWeather, watched } from '../stage/watched.js'

/** What happens to one command: death, a signal to all of it, a process that does nothing for so many seconds of its time, a disk. */
type Blow =
  | { at: 'request'; nth: number | 'deletion'; phase: Moment; victim: Role | 'machine' }
  | { at: 'signal'; nth: number; phase: Moment; signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' }
  | { at: 'pause'; nth: number; phase: Moment; victim: Role; seconds: number }
  | { at: 'disk'; from: string; error: 'ENOSPC' | 'EIO' | 'EROFS' | 'ENOENT'; lost: boolean }
  | { at: 'nothing' }

const SPEED = 10

/** Where nothing helps, and a quarter of an hour of patience is used up each time, time is this much faster than life. */
const HASTE = 30

const [HOME, AWAY] = ['eu-frankfurt-1', 'eu-amsterdam-1']

/** min; no command takes longer, on a machine that is busy too. */
const ENDLESS = 45

const FLOWS = [rotating, releasing, takingOver, byRemover, deferred, disabling]
const LINES = ['session-opened', 'resumed', 'share-accepted', 'key-live', 'intent', 'outcome', 'action-ended', 'exit-began', 'successor-active', 'probes-signed', 'key-deleted', 'burned', 'probe']

const when = { nth: fc.integer({ min: 0, max: 40 }), phase: fc.constantFrom<Moment>('received', 'done', 'answered') }
const ROLES = ['desk', 'strongroom', 'clerk'] as const
const blow: fc.Arbitrary<Blow> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ at: fc.constant('request' as const), ...when, victim: fc.constantFrom(...ROLES, 'machine' as const) }) },
  { weight: 2, arbitrary: fc.record({ at: fc.constant('signal' as const), ...when, signal: fc.constantFrom('SIGINT' as const, 'SIGTERM' as const, 'SIGHUP' as const) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.constant('pause' as const), ...when, victim: fc.constantFrom(...ROLES), seconds: fc.constantFrom(5, 30, 300) }) },
  { weight: 2, arbitrary: fc.record({ at: fc.constant('disk' as const), from: fc.constantFrom(...LINES), error: fc.constantFrom('ENOSPC' as const, 'EIO' as const, 'EROFS' as const, 'ENOENT' as const), lost: fc.constantFrom(false, false, true) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.constant('nothing' as const) }) },
)

/** A fault, how many requests or connections pass before it strikes, and in which region, where it is of one. */
const trouble = fc.record({
  fault: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PASSING) }, { weight: 1, arbitrary: fc.constantFrom(...FAULTS) }),
  after: fc.integer({ min: 0, max: 90 }),
  region: fc.constantFrom(HOME, AWAY),
})

/** s until a key is accepted, and until it is refused, in a region; a list of keys that is behind by so much. */
const delay = fc.constantFrom(0, 0, 5, 20)

/** What is done by hand once there are two keys; so that there are, a process dies as the used one is about to be deleted. */
const byHand = fc.record({ deed: fc.constantFrom(...DEEDS), victim: fc.constantFrom(...ROLES, 'machine' as const) })

const night = fc.record({
  flow: fc.constantFrom(...FLOWS),
  blows: fc.array(blow, { minLength: 1, maxLength: 4 }),
  byHand: fc.option(byHand),
  troubles: fc.array(trouble, { maxLength: 5 }),
  activation: fc.tuple(delay, delay),
  revocation: fc.tuple(delay, delay),
  listDelay: fc.constantFrom(0, 0, 0, 10),
})
type Night = typeof night extends fc.Arbitrary<infer Drawn> ? Drawn : never

const seed = Number(process.env['GLASSKEY_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const [, first = '1', last = '50'] = /^(?:(\d+)-)?(\d+)$/.exec(process.env['GLASSKEY_NIGHTS'] ?? '50') ?? []
const nights = fc.sample(night, { seed, numRuns: Number(last) }).map((drawn, at) => [at + 1, drawn] as const).slice(Number(first) - 1)

describe(`seed ${seed}`, () => {
  test.concurrent.for(nights.map(([number, drawn]) => [`night ${number}: ${nameOf(drawn)}`, drawn] as const))('%s', ([, drawn]) => playedOut(drawn))
})

async function playedOut({ flow, blows: drawn, byHand, troubles, activation, revocation, listDelay }: Night): Promise<void> {
  const isAny = (of: (fault: Fault) => boolean | undefined): boolean => troubles.some(({ fault }) => of(fault) === true)
  const speed = isAny(({ lasting }) => lasting) ? HASTE : SPEED
  const staging: Staging = {
    speed,
    tls: isAny(({ tls }) => tls),
    activationDelay: { [HOME]: activation[0], [AWAY]: activation[1] },
    revocationDelay: { [HOME]: revocation[0], [AWAY]: revocation[1] },
    beliefs: { keyListDelay: listDelay },
  }
  const now: { blow: Blow; desk: number; seen: number; struck: boolean } = { blow: { at: 'nothing' }, desk: 0, seen: 0, struck: false }
  // Where somebody deletes the successor, nobody deletes the used key too.
  const deed = byHand !== null && !isAny(({ foreign }) => foreign) ? byHand.deed : null
  const blows: readonly Blow[] = byHand ? [{ at: 'request', nth: 'deletion', phase: 'received', victim: byHand.victim }, ...drawn] : drawn
  const observe: Observe = (moment, { method, path }) => {
    const { blow, desk, struck } = now
    if (desk === 0 || struck || !('nth' in blow)) return undefined
    if (moment === 'received') now.seen += 1
    if (moment !== blow.phase || (blow.nth === 'deletion' ? method !== 'DELETE' || !path.includes('/apiKeys/') : now.seen !== blow.nth + 1)) return undefined
    now.struck = true
    return strike(blow, desk, speed, moment)
  }
  const told: string[] = []
  await watched(flow, { ...staging, observe }, async (stage) => {
    const deaths: number[] = []
    for (const { fault, after, region } of troubles) {
      const { atTheDoor, everywhere, count, seconds } = fault
      stage.cloud.armFault({ match: atTheDoor === true && everywhere !== true ? { region } : {}, after, count, seconds, action: fault.action(stage, speed) })
    }
    // Nobody has what it printed, where its machine is lost.
    let ended: Ended | undefined
    let linesLost = false
    let isByHand = false
    try {
      for (const one of blows) {
        const args = told.length === 0 ? flow.args(stage) : nextAfter(stage, ended, told.join('\n'))
        if (args === null) break
        const mark = join(stage.directory, 'it-happened')
        const [began, sessions] = [stage.cloud.now(), sessionsOf(stage)]
        Object.assign(now, { blow: one, seen: 0, struck: false })
        ended = await stage.run(args, { onStart: (pid) => (now.desk = pid) }, planOf(one, stage, mark))
        now.desk = 0
        const struck = now.struck || existsSync(mark)
        rmSync(mark, { force: true })
        told.push(`— ${args.slice(0, 2).join(' ')}; ${struck ? nameOfBlow(one) : 'nothing happened to it'}; it ended with ${ended.code} —\n${ended.stderr}\n${ended.stdout}`)
        deaths.push(Math.max(-1, ...stage.cloud.requests.map(({ arrival }) => arrival)) + 1)
        expect((stage.cloud.now() - began) / 60_000, 'minutes that it took').toBeLessThan(ENDLESS)
        assertNothingBlind(stage.cloud.requests, deaths)
        // What was refused before a session began leaves everything as it was.
        const isRefused = args[0] !== 'resume' && sessionsOf(stage) === sessions && [2, 3].includes(ended.code)
        assertNothingSilent(stage, isRefused ? undefined : ended)
        if (struck) assertEnd(ended)
        if (!struck || [0, 3, 6].includes(ended.code)) assertSaidWhatNext(stage, ended)
        if (one.at === 'request' && struck && one.victim === 'machine') tearLine(stage)
        if (one.at === 'disk' && struck && one.lost) {
          loseKeptLines(ended)
          linesLost = true
          ended = undefined
        }
        if (!isByHand && deed !== null && (await isDone(deed, stage))) {
          told.push(`— ${deed} —`)
          isByHand = true
        }
      }
      fairWeather(stage)
      // A list that is behind still has the strangers that are gone.
      await passed((listDelay * 1000) / speed)
      told.push(...(await doAsTold(stage, ended)))
      assertNothingBlind(stage.cloud.requests, deaths)
      await assertAllWell(stage, { expected: isAny(({ foreign }) => foreign) ? ['A01'] : [], linesLost, isByHand })
    } catch (failure) {
      throw new Error(`${String(failure)}\n${told.join('\n')}`, { cause: failure })
    }
  })
}

/** Strikes the processes of a command. Answers whether the request that is under way goes with them. */
function strike(blow: Exclude<Blow, { at: 'disk' | 'nothing' }>, desk: number, speed: number, moment: Moment): 'drop' | undefined {
  const alive = processesOf(desk)
  if (blow.at === 'signal') {
    for (const { pid } of alive) process.kill(pid, blow.signal)
    return undefined
  }
  if (blow.at === 'pause') {
    const paused = alive.filter(({ is }) => is === blow.victim)
    for (const { pid } of paused) process.kill(pid, 'SIGSTOP')
    setTimeout(() => {
      const left = new Set(processesOf(desk).map(({ pid }) => pid))
      for (const { pid } of paused) if (left.has(pid)) process.kill(pid, 'SIGCONT')
    }, (blow.seconds * 1000) / speed)
    return undefined
  }
  if (blow.victim === 'machine') for (const { pid } of alive) process.kill(pid, 'SIGKILL')
  else killOf(desk, blow.victim)
  return moment === 'answered' ? undefined : 'drop'
}

/** A command that was struck ends by a signal, or says how: in no other way than these. */
function assertEnd({ code, stderr }: Ended): void {
  if (code === 2) expect(stderr).toMatch(/^FILE_(UNWRITABLE|MISSING): /m)
  else if (code === 1) expect(stderr).toMatch(/^INTERNAL: the (clerk failed: its process ended|strongroom ended without a word; no key was live)/m)
  else expect([-1, 0, 3, 6], stderr).toContain(code)
}

function planOf(blow: Blow, { custody }: Rehearsal, mark: string): Partial<Plan> {
  return blow.at === 'disk' ? { disk: { from: blow.from, error: blow.error, folder: custody, mark } } : {}
}

function sessionsOf({ custody }: Rehearsal): number {
  return existsSync(places.sessions(custody)) ? readdirSync(places.sessions(custody)).filter((name) => !name.startsWith('.')).length : 0
}

/** The power went: half a line of the newest journal may be what the disk has last. */
function tearLine(stage: Rehearsal): void {
  if (!existsSync(places.sessions(stage.custody))) return
  const journal = places.journal(stage.custody, stage.session)
  if (existsSync(journal) && /\n$/.test(readFileSync(journal, 'utf8')) && stage.journal().at(-1)?.type !== 'closed') appendFileSync(journal, '{"at":"2026-11')
}

function nameOf({ flow, blows, byHand, troubles, activation, revocation, listDelay }: Night): string {
  const slow = [...activation, ...revocation, listDelay].some((seconds) => seconds > 0)
  return [flow.name, ...blows.map(nameOfBlow), ...(byHand ? [`${byHand.victim} dies at a deletion, and then ${byHand.deed}`] : []), ...troubles.map(({ fault, after }) => `${fault.name} after ${after}`), ...(slow ? [`slow: ${[...activation, ...revocation, listDelay].join(' ')} s`] : [])].join('; ')
}

function nameOfBlow(blow: Blow): string {
  switch (blow.at) {
    case 'request':
      return `${blow.victim} dies when ${blow.nth === 'deletion' ? 'a deletion' : `request ${blow.nth + 1}`} is ${blow.phase}`
    case 'signal':
      return `${blow.signal} when request ${blow.nth + 1} is ${blow.phase}`
    case 'pause':
      return `${blow.victim} does nothing for ${blow.seconds} s from when request ${blow.nth + 1} is ${blow.phase}`
    case 'disk':
      return `the disk fails from ${blow.from} on with ${blow.error}${blow.lost ? ', and the machine is lost' : ''}`
    case 'nothing':
      return 'nothing'
  }
}
