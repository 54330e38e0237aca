/** Sending the probes signed ahead: each at its moment, against a server of ours. */
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { regrade } from '../../src/audit/regrade.js'
import type { SoundSession } from '../../src/audit/sound.js'
import { gradeOf, probeAll, type Listing } from '../../src/breakglass/proof.js'
import { readClocks } from '../../src/host/clock.js'
import { readJournal, type Grade, type JournalEntry, type ListedKey } from '../../src/record/journal.js'
import type { DatedProbe } from '../../src/strongroom/protocol.js'
import type { Carrier } from '../../src/wire/exchange.js'
import { warrantSchema, type Warrant } from '../../src/warrant/warrant.js'
import { journalOf, manifestOf, SESSIONS, vectorText } from '../vectors/frozen.js'
import { pen } from '../vectors/story.js'

const REGION = 'eu-frankfurt-1'
const SIGNED = Date.parse('2026-11-22T02:30:00.000Z')
const CARRIER: Carrier = { connect: (host, port) => connect(port, host), ca: null, timeoutMs: 2000 }
const servers: Server[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) server.close()
})

/** A server that refuses the key as OCI does, its clock at the moment that `x-probe` says; it hangs up on those that are `lost`. */
async function refusing(lost: readonly number[] = []): Promise<string> {
  const server = createServer((request, response) => {
    const moment = Number(request.headers['x-probe'])
    if (lost.includes(moment - SIGNED)) request.socket.destroy()
    else response.writeHead(401, { date: new Date(moment).toUTCString(), 'opc-request-id': 'A' }).end('{}')
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** A warrant of one region, with this time between the third refusal and the confirmation. */
function warrant(confirmAfterSeconds: number): Warrant {
  const whole = warrantSchema.parse(JSON.parse(vectorText('custody/sessions/20261122T023000Z-4e5f6a7b/warrant.json')))
  return { ...whole, regions: [REGION], probes: { ...whole.probes, confirmAfterSeconds } }
}

/** One probe for each offset in ms; those before `begun` are overdue. `skew`: ms that the server's clock is wrong at an offset. */
function probes(url: string, offsets: readonly number[], begun = 0, skew: Readonly<Record<number, number>> = {}): DatedProbe[] {
  const { uptime } = readClocks()
  return offsets.map((offset) => ({ region: REGION, at: uptime + offset - begun, signedFor: SIGNED + offset, url, headers: { 'x-probe': String(SIGNED + offset + (skew[offset] ?? 0)) } }))
}

async function prove(sent: DatedProbe[], confirmAfterSeconds: number): Promise<{ refused: string[]; lines: JournalEntry[]; said: string }> {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  const lines: JournalEntry[] = []
  const refused = await probeAll(sent, warrant(confirmAfterSeconds), CARRIER, (entry) => lines.push(entry))
  return { refused, lines, said: said.join('') }
}

const moments = (lines: readonly JournalEntry[]): number[] => lines.flatMap((line) => (line.type === 'probe' || line.type === 'probe-failed' ? [Date.parse(line.signedFor) - SIGNED] : []))

test('one whose moment has passed is left out, and each line says which moment it was for', async () => {
  const { refused, lines } = await prove(probes(await refusing(), [-3000, -2000, 0, 50, 100, 150, 300]), 0.2)
  expect(refused).toEqual([REGION])
  expect(moments(lines)).toEqual([0, 50, 100, 300])
})

test('where nobody answers, it says until when it asks', async () => {
  const { refused, lines, said } = await prove(probes('http://127.0.0.1:1/', [0, 50, 61_000].map((offset) => offset - 60_900)), 0.2)
  expect(refused).toEqual([])
  expect(moments(lines)).toEqual([100])
  expect(said).toContain(`${REGION} does not answer (connect ECONNREFUSED 127.0.0.1:1). It is asked again until 02:30:00Z.`)
})

describe('the grade', () => {
  const used = manifestOf(2)
  const whole = warrant(1)
  const next = { fingerprint: whole.successor?.fingerprint ?? '', spkiSha256: whole.successor?.spkiSha256 ?? '', generation: 3, lifecycleState: 'ACTIVE' }
  const refused = { refusedIn: [REGION], acceptedIn: [] }
  const listing = (...keys: ListedKey[]): Listing => ({ profile: 'AUDITOR', keys, blocked: false })

  test('the used key is refused everywhere, and its successor has vanished from the key list: not proved, and why is said in capitals', () => {
    const said = (whose: string): string => `AUDITOR finds neither the used key nor its successor ACTIVE in the key list. NOBODY HAS A WAY IN: an administrator uploads the public key of ${whose} (publicKeyPem in its manifest.json, once its fingerprint there is compared with the ceremony record), and a login looks (--reader).`
    expect(gradeOf(whole, refused, listing(), used, true, null, 4)).toEqual({ grade: 'unproved', why: said('GENERATION 4') })
    expect(gradeOf(whole, refused, listing(), used, true)).toEqual({ grade: 'unproved', why: said('a new generation, after a ceremony') })
    expect(gradeOf(whole, refused, listing({ ...next, lifecycleState: 'INACTIVE' }), used, true).grade).toBe('unproved')
    expect(gradeOf(whole, refused, listing(next), used, true).grade).toBe('proved')
    // A copy that is a ceremony behind does not know the only way in: nobody is sent to replace it before that is looked into.
    expect(gradeOf(whole, refused, listing({ ...next, fingerprint: 'ff', spkiSha256: 'f'.repeat(64), generation: null }), used, true, null, 4).why).toContain('key list. If the key that is listed is of a ceremony whose generations only another copy of this folder has: find that copy, or bring them here first with glasskey ceremony import. Otherwise NOBODY HAS A WAY IN')
  })

  test('... nor is that made good by refusals alone, when a quorum has come and no login looks again', () => {
    const before = listing()
    expect(gradeOf(whole, refused, null, used, true, before).grade).toBe('unproved')
    expect(gradeOf(whole, refused, null, used, true, listing(next)).grade).toBe('refused-only')
    expect(gradeOf(whole, refused, null, used, true, { ...before, blocked: true }).grade).toBe('refused-only')
    expect(gradeOf(whole, refused, listing(next), used, true, before).grade).toBe('proved')
  })

  test('a later generation is there, because another session rotated since: as good as the successor; an earlier one or a stranger\'s key is not', () => {
    const other = (generation: number | null): ListedKey => ({ ...next, spkiSha256: 'a'.repeat(64), generation })
    expect(gradeOf(whole, refused, listing(other(4)), used, true)).toEqual({ grade: 'proved', why: `Refused in ${REGION}; AUDITOR finds GENERATION 4 in the key list and the used key gone.` })
    expect(gradeOf(whole, { refusedIn: [], acceptedIn: [] }, listing(other(4)), used, false).grade).toBe('listed-only')
    expect(gradeOf(whole, refused, listing(other(1)), used, true).grade).toBe('unproved')
    // Of a key that OCI never had, any other is a way in.
    expect(gradeOf(whole, { refusedIn: [], acceptedIn: [], neverThere: true }, listing(other(1)), used, true)).toMatchObject({ grade: 'listed-only' })
    expect(gradeOf(whole, { refusedIn: [], acceptedIn: [], neverThere: true }, listing(), used, true).grade).toBe('unproved')
    expect(gradeOf(whole, refused, listing(other(null)), used, true).grade).toBe('unproved')
    expect(gradeOf(whole, refused, listing({ ...other(4), spkiSha256: null }), used, true).grade).toBe('unproved')
  })

  test.each([0, 1, 40])('in 50 regions, of which %i still take the key, why fits into a line of the journal', (accepting) => {
    const regions = Array.from({ length: 50 }, (_, at) => `ap-southeast-region-${at}`)
    const { grade, why } = gradeOf({ ...whole, regions }, { refusedIn: regions.slice(accepting), acceptedIn: regions.slice(0, accepting) }, listing(next), used, true)
    expect(grade).toBe(accepting === 0 ? 'proved' : 'unproved')
    const journal = pen<JournalEntry>('2026-11-20T04:00:00.000Z', 1000)
    journal.write(journalOf(SESSIONS[1]).lines[0] as JournalEntry)
    journal.write({ type: 'graded', keyId: used.keyId, grade, why })
    expect(readJournal(journal.text()).lines.at(-1)).toMatchObject({ grade, why })
  })
})

describe('the audit judges what the desk wrote as the desk did', () => {
  const SCHEDULE = { intervalSeconds: 0.2, confirmAfterSeconds: 0.4, giveUpAfterMinutes: 1 }
  const MINUTE = 60_000

  test.each<[string, { begun?: number; lost?: number[]; skew?: Record<number, number>; to: number }, Grade]>([
    ['nothing is odd', { to: 10 }, 'refused-only'],
    ['the first moments had passed, and a clock is 4 min ahead', { begun: 20_000, skew: { 20_200: 4 * MINUTE }, to: 112 }, 'refused-only'],
    ['a clock is more than 4 min ahead, and nothing comes after it', { skew: { 800: 5 * MINUTE }, to: 5 }, 'unproved'],
    ['a clock is 31 s behind, and three more follow', { skew: { 0: -31_000 }, to: 10 }, 'refused-only'],
    ['a clock is 31 s behind, and too few follow', { skew: { 400: -31_000 }, to: 5 }, 'unproved'],
    ['one was lost, and the confirmation is on time', { lost: [200], to: 10 }, 'refused-only'],
  ])('%s', async (_, { begun = 0, lost = [], skew = {}, to }, grade) => {
    const offsets = Array.from({ length: to }, (__, at) => at * 200)
    const { refused, lines } = await prove(probes(await refusing(lost), offsets, begun, skew), SCHEDULE.confirmAfterSeconds)
    expect(refused).toEqual(grade === 'unproved' ? [] : [REGION])
    expect(regrade(released(lines))).toBe(grade)
  })

  /** A session of which only the last release matters: a key deleted, and these answers. */
  function released(lines: readonly JournalEntry[]): SoundSession {
    const moment = (offset: number): string => new Date(SIGNED + offset).toISOString()
    const all = [{ type: 'resumed' }, { type: 'probes-signed', count: 1, from: moment(0), to: moment(62_000) }, { type: 'head-signed' }, ...lines].map((line, at) => ({ ...line, seq: at + 1 }))
    const state = { deletion: 'done', calls: [], probes: all.filter(({ type }) => type === 'probe'), listings: [] }
    return { id: 's', warrant: { ...warrant(SCHEDULE.confirmAfterSeconds), probes: SCHEDULE }, manifest: manifestOf(2), state, chain: { lines: all } } as unknown as SoundSession
  }
})
