/**
 * Every fault at every call of a flow.
 *
 * A flow is run once to its end, and every request of it is noted. Then it is run again for each of them with each fault.
 * It must end in done, or say what to do next; no mutation may be repeated blindly; and when the weather is good again and
 * people do what `status` tells them, all must be well. What is the weather of a whole flow, and not of a call, is there too.
 */
import { afterAll, describe, expect, test } from 'vitest'
import type { FaultInput } from '../../src/simulator/faults.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { assertNothingBlind, isChange } from '../stage/cloud-truth.js'
import type { Ended } from '../stage/command-line.js'
import { FAULTS, PASSING, type Fault } from '../stage/faults.js'
import type { PlayedFlow } from '../stage/flows.js'
import { assertAllWell, assertNothingSilent, assertSaidWhatNext, doAsTold, isNotBegun } from '../stage/laws.js'
import { settled, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { classOf, Counter, refuseMissed, shareOf, type Kinds } from '../stage/points.js'
import { fairWeather, strangersKeys, watched } from '../stage/watched.js'

/** A flow whose calls fail. */
export interface Flow extends PlayedFlow {
  /** Whether it ends in an exit, which is tried again until its time is over. */
  exits?: boolean
  /** How it may end, in place of "done, refused, or with the command that goes on". `meddled`: somebody else changed something. */
  judge?: (ended: Ended, meddled: boolean, stage: Rehearsal) => void
}

/** Time runs this much faster than life: a call's patience of 20 s is less than two seconds. */
const SPEED = 12

/** Where a quarter of an hour of patience is used up, it is this many times faster than life. */
const HASTE = 30

/** Of a request that is repeated until something is so, this many are told apart; no flow asks for anything so often on purpose. */
const REPEATS = 12

/** So often each kind of request is sent whatever happens: what is polled comes more or less often. */
const ALWAYS = 2

/** min; no command takes longer, on a machine that is busy too. */
const ENDLESS = 45

/** How often a case is tried until its fault strikes. */
const ATTEMPTS = 2

/** So many attempts of the exit may fail before people are told what is going on. */
const MOMENTARY = 3

const HOME = 'eu-frankfurt-1'
const AWAY = 'eu-amsterdam-1'

/** What can be the weather of a whole flow. */
interface Weather {
  name: string
  staging: Staging
  /** What people do about it, having read what the command said. */
  mend?: (stage: Rehearsal, said: string) => void
  /** Seconds for which they wait before they go on. */
  patience?: number
}

/** A call of a flow. */
interface Call {
  /** Method, shape of the path, region. */
  kind: string
  method: string
  path: string
  region: string
  /** Which of its kind, from 0. */
  nth: number
  /** Which connection to its region, and which of all, from 0. */
  connection: number
  connectionOfAll: number
  /** Whether its answer has a body. */
  hasBody: boolean
  /** Whether an API key is deleted after it. */
  isBeforeDeletion: boolean
}

type Case = { name: string; kinds: Kinds } & ({ call: Call; fault: Fault } | { weather: Weather } | { after: number; faults: readonly Fault[] })

const WEATHER: readonly Weather[] = [
  ...[240, -240, 360, -360].map((seconds): Weather => ({
    name: `OCI is ${Math.abs(seconds) / 60} min ${seconds > 0 ? 'ahead' : 'behind'}`,
    staging: { clockSkew: seconds },
    mend: ({ cloud }) => {
      cloud.advance(-seconds)
      // What was done by that clock is not still to come.
      const now = cloud.now()
      for (const key of cloud.tenancy.identity.apiKeys) {
        if (key.timeDeleted !== null) key.timeDeleted = Math.min(key.timeDeleted, now)
        Object.assign(key, { timeCreated: Math.min(key.timeCreated, now) })
      }
    },
  })),
  { name: 'a new key is accepted after minutes', staging: { activationDelay: { [HOME]: 120, [AWAY]: 200 } }, patience: 210 },
  { name: 'a deleted key is refused after minutes', staging: { revocationDelay: { [HOME]: 120, [AWAY]: 200 } }, patience: 210 },
  { name: 'deleted keys are listed for minutes', staging: { beliefs: { deletedKeysListed: 300 } } },
  { name: 'the list of keys is a minute behind', staging: { beliefs: { keyListDelay: 60 } }, patience: 70 },
  { name: 'no key may delete itself', staging: { beliefs: { selfDeletion: '403 NotAllowed' } }, mend: removeAsAsked },
]

/** How the cases of this process went. */
const counted = { met: 0, lockedOut: 0, lost: 0, silent: 0, blind: 0 }

/** Runs every fault at every call of a flow as tests; a share of them where GLASSKEY_MATRIX says so. */
export async function faultAtEveryCall(flow: Flow): Promise<void> {
  const calls = await callsOf(flow)
  const all: Case[] = [
    ...oneAfterAnother(flow, calls),
    ...WEATHER.filter(({ name }) => flow.unfit?.includes(name) !== true).map((weather) => ({ name: weather.name, kinds: { what: weather.name }, weather })),
    ...FAULTS.flatMap((fault) => calls.filter((call) => isFit(call, fault)).map((call) => ({ name: `${call.kind} #${call.nth + 1}: ${fault.name}`, kinds: { place: call.kind, what: isChange(call) && fault.losing === true ? `${fault.name}, of a change` : fault.name }, call, fault }))),
  ]
  // One of each kind: then each is to come about, at a call that comes in every run.
  const areKinds = process.env['GLASSKEY_MATRIX'] === 'kinds'
  const cases = shareOf(areKinds ? all.filter((one) => !('call' in one) || one.call.nth < ALWAYS) : all, ({ kinds }) => kinds)
  describe(flow.name, () => {
    const missed: string[] = []
    for (const one of cases) {
      test.concurrent(one.name, async ({ skip }) => {
        if (await suffer(flow, one)) return
        missed.push(one.name)
        skip('the flow did not come to this call: what is polled is asked more or less often')
      })
    }
    afterAll(() => {
      const { met, lockedOut, lost, silent, blind } = counted
      console.log(`${flow.name}: ${met} faults (of ${all.length}, at ${calls.length} calls): ${lockedOut} lock-outs, ${lost} lost keys, ${silent} silent exposures, ${blind} blind repetitions`)
      refuseMissed(missed, cases.length, areKinds ? 0 : undefined)
    })
  })
}

/** A bad night: from the first change on, where the exit tries everything again, each passing fault strikes every other read. */
function oneAfterAnother({ exits = false }: Flow, calls: readonly Call[]): Case[] {
  const after = calls.findIndex(({ method }) => method !== 'GET')
  const what = 'one fault after another'
  return exits ? [{ name: what, kinds: { what, brings: PASSING.map(({ name }) => name) }, after, faults: PASSING }] : []
}

async function callsOf(flow: Flow): Promise<Call[]> {
  const stage = await flow.open({ speed: SPEED })
  try {
    const before = stage.cloud.requests.length
    const { code, stderr } = await stage.run(flow.args(stage))
    if (code !== (flow.ends ?? 0)) throw new Error(`${flow.name} ended with ${code} before anything was done to it:\n${stderr}`)
    const kinds = new Counter()
    const connections = new Counter()
    const asked = stage.cloud.requests.slice(before).sort((one, other) => one.arrival - other.arrival)
    const deletion = asked.findLastIndex(({ method, path }) => method === 'DELETE' && path.includes('/apiKeys/'))
    return asked.flatMap(({ method, path, region, status }, at): Call[] => {
      const kind = classOf({ method, path, region })
      const [nth, connection, connectionOfAll] = [kinds.next(kind), connections.next(region), connections.next('')]
      return nth < REPEATS ? [{ kind, method, path: globOf(path), region, nth, connection, connectionOfAll, hasBody: status !== 204, isBeforeDeletion: at < deletion }] : []
    })
  } finally {
    await stage.close()
  }
}

/** The path without its query and without what differs from run to run. */
function globOf(path: string): string {
  return path.replace(/\?.*/, '').replace(/([0-9a-f]{2}(:|%3A)){15}[0-9a-f]{2}/gi, '*')
}

/** Whether the flow met the fault. On a machine that is busy it may be refused before it comes there: then it is tried again. */
async function suffer(flow: Flow, one: Case): Promise<boolean> {
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (!(await met(flow, one))) continue
      counted.met += 1
      return true
    }
    return false
  } catch (failure) {
    counted.met += 1
    const text = String(failure)
    if (text.includes('LOCKED OUT')) counted.lockedOut += 1
    else if (text.includes('SILENT')) counted.silent += 1
    else if (text.includes('REPEATED BLINDLY')) counted.blind += 1
    else if (/OCI has|sheets of the key in use/.test(text)) counted.lost += 1
    throw failure
  }
}

function met(flow: Flow, one: Case): Promise<boolean> {
  if ('weather' in one) return under(flow, one.weather)
  return 'call' in one ? struck(flow, one) : struckAgain(flow, one)
}

async function struck(flow: Flow, { call, fault }: { call: Call; fault: Fault }): Promise<boolean> {
  const speed = fault.lasting === true ? HASTE : SPEED
  return watched(flow, { speed, tls: fault.tls === true }, async (stage) => {
    const { count, seconds, meddled = false, foreign = false } = fault
    stage.cloud.armFault({ ...placeOf(call, fault), count, seconds, action: fault.action(stage, speed) })
    const { code, isBegun } = await playAndMend(flow, stage, { meddled, foreign })
    if (stage.cloud.strikes === 0) return false
    if (fault.late === true) expect(stage.cloud.abandoned, 'requests that their sender did not wait for').toBeGreaterThan(0)
    if (fault.askedToWait !== undefined) assertWaited(stage, fault.askedToWait)
    if (fault.askedAgain === true && call.method === 'GET' && isBegun && !flow.judge) expect(code, 'one reading failed, once').toBe(flow.ends ?? 0)
    return true
  })
}

function isFit({ method, hasBody, isBeforeDeletion }: Call, { ofBody = false, beforeDeletion = false }: Fault): boolean {
  return (hasBody || !ofBody) && (!beforeDeletion || (method === 'GET' && isBeforeDeletion))
}

/** Throws where somebody was asked to wait, and asked again before. Probes are signed for their moment, and come when they come. */
function assertWaited({ cloud }: Rehearsal, seconds: number): void {
  cloud.requests.forEach((struck, at) => {
    if (struck.fault !== 'answer' || struck.status !== 429 || /\/users\/[^/]+$/.test(struck.path)) return
    const again = cloud.requests.slice(at + 1).find(({ method, path, region, keyId }) => method === struck.method && path === struck.path && region === struck.region && keyId !== null)
    if (again) expect((again.at - struck.at) / 1000, `seconds until ${struck.method} ${struck.path} came again`).toBeGreaterThan(seconds * 0.9)
  })
}

/** Which requests, or connections, a fault meets, and how many of them pass first. */
function placeOf({ method, path, region, nth, connection, connectionOfAll }: Call, { atTheDoor = false, everywhere = false }: Fault): Pick<FaultInput, 'match' | 'after'> {
  if (everywhere) return { match: {}, after: connectionOfAll }
  return atTheDoor ? { match: { region }, after: connection } : { match: { method, path, region }, after: nth }
}

async function struckAgain(flow: Flow, { after, faults }: { after: number; faults: readonly Fault[] }): Promise<boolean> {
  return watched(flow, { speed: SPEED }, async (stage) => {
    // A request that one of them strikes does not count for those that wait behind it.
    faults.forEach((fault, at) => {
      stage.cloud.armFault({ match: { method: 'GET' }, after: after + at, action: fault.action(stage, SPEED) })
    })
    await playAndMend(flow, stage, { foreign: faults.some(({ foreign = false }) => foreign) })
    expect(stage.cloud.strikes, 'faults that struck').toBe(faults.length)
    return true
  })
}

async function under(flow: Flow, { staging, mend, patience = 0 }: Weather): Promise<boolean> {
  return watched(flow, { speed: SPEED, ...staging }, async (stage) => {
    await settled(stage, staging)
    // The keys are younger than that: a clock put back shows the list as it was before them.
    await playAndMend(flow, stage, { meddled: (staging.clockSkew ?? 0) < 0 }, async (said) => {
      mend?.(stage, said)
      await new Promise((over) => setTimeout(over, (patience * 1000) / SPEED))
    })
    return true
  })
}

/** `meddled`: somebody else changes something. `foreign`: somebody else answers. */
interface Circumstances {
  meddled?: boolean
  foreign?: boolean
}

/** Plays the flow with what is armed; then the faults are over and people do as they are told. */
async function playAndMend(flow: Flow, stage: Rehearsal, { meddled = false, foreign = false }: Circumstances, mend?: (said: string) => Promise<void>): Promise<{ code: number; isBegun: boolean }> {
  const began = stage.cloud.now()
  const ended = await stage.run(flow.args(stage))
  try {
    expect((stage.cloud.now() - began) / 60_000, 'minutes that it took').toBeLessThan(ENDLESS)
    assertNothingBlind(stage.cloud.requests)
    assertNothingSilent(stage, ended)
    if (flow.judge) flow.judge(ended, meddled, stage)
    else assertSaidWhatNext(stage, ended)
    assertNotKeptWaiting(stage, ended)
    assertStrangersNamed(stage, ended)
    fairWeather(stage)
    await mend?.(`${ended.stdout}\n${ended.stderr}`)
    await doAsTold(stage, ended)
    assertNothingBlind(stage.cloud.requests)
    await assertAllWell(stage, { expected: foreign ? ['A01'] : [] })
    return { code: ended.code, isBegun: !isNotBegun(ended) }
  } catch (failure) {
    // What the command had said is the first thing to look at.
    throw new Error(`${String(failure)}\n— it had ended with ${ended.code} —\n${ended.stderr}\n${ended.stdout}`, { cause: failure })
  }
}

/** While the exit waits for longer than a moment, people are told why, and until when. */
function assertNotKeptWaiting(stage: Rehearsal, { stderr }: Ended): void {
  if (readCustodyFolder(stage.custody).sessions.length === 0) return
  const lines = stage.journal()
  const began = lines.findLastIndex(({ type }) => type === 'exit-began')
  const asked = new Set(lines.slice(began).flatMap((line) => (line.type === 'intent' && line.rule === 'read own keys' ? [line.seq] : [])))
  const failed = lines.filter((line) => (line.type === 'unknown' || (line.type === 'outcome' && line.status >= 300)) && asked.has(line.intent))
  if (began >= 0 && failed.length > MOMENTARY) expect(stderr, `the exit failed ${failed.length} times`).toMatch(/The exit waits: .+ until [\d:]+Z/)
}

/** A stranger's key that was seen after it was put there is gone, or people hear of it. */
function assertStrangersNamed(stage: Rehearsal, { stdout, stderr }: Ended): void {
  for (const { fingerprint, timeCreated } of strangersKeys(stage)) {
    const seen = stage.cloud.requests.some(({ method, path, status, at }) => method === 'GET' && /\/apiKeys(\?|$)/.test(path) && status === 200 && at > timeCreated)
    if (seen) expect(`${stdout}\n${stderr}`, 'a stranger has a key').toContain(fingerprint)
  }
}

/** An administrator deletes the key that the command named. */
function removeAsAsked({ cloud }: Rehearsal, said: string): void {
  const asked = /deletes API key ([0-9a-f:]{47})/.exec(said)?.[1]
  const key = cloud.tenancy.identity.apiKeys.find(({ fingerprint, timeDeleted }) => fingerprint === asked && timeDeleted === null)
  if (key) key.timeDeleted = cloud.now()
}
