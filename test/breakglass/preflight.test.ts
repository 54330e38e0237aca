/** What is said before a session, of what earlier ones left and measured. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { lookAtEarlierSessions, lookAtRevocation, refuseStops } from '../../src/breakglass/preflight.js'
import type { GenerationState } from '../../src/custody/generation.js'
import { readCustodyFolder, type CustodyFolder } from '../../src/host/custody-folder.js'
import type { Generation } from '../../src/host/sealed-folder.js'
import { manifestOf, VECTORS } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const measured = (...minutes: number[]): CustodyFolder => ({ sessions: minutes.map((minute) => ({ session: { measured: { revocationMs: { 'eu-frankfurt-1': 1000, 'us-ashburn-1': minute * 60_000 } } } })) }) as unknown as CustodyFolder
const under = (giveUpAfterMinutes: number, rehearsal = false): Generation => ({ manifest: { rehearsal }, rules: { probes: { giveUpAfterMinutes } } }) as unknown as Generation

test('OCI forgot a key more slowly than the rules wait: said before the bags are opened, by the last measurement', () => {
  expect(lookAtRevocation(measured(3, 20), under(15))).toEqual([
    { what: 'proof', level: 'warn', said: 'OCI took 20 minutes to refuse a deleted key, and the rules give up after 15: the key will most likely not be proved dead at once; glasskey resume proves it later' },
  ])
  expect(lookAtRevocation(measured(20, 3), under(15))).toEqual([])
  expect(lookAtRevocation(measured(), under(15))).toEqual([])
  expect(lookAtRevocation(measured(20), under(15, true))).toEqual([])
})

test('a next generation that its signers did not sign stops a session before a bag is opened', () => {
  const stop = { what: 'signers of GENERATION 4', level: 'stop', said: 'the manifest has 0 of 1 needed signatures' } as const
  expect(refusal(() => refuseStops([{ what: 'x', level: 'warn', said: 'y' }, stop]))).toMatchObject({ code: 'SUCCESSOR_UNTRUSTED', message: `${stop.what}: ${stop.said}`, hint: 'No bag was opened. Mend it, then begin again.' })
})

const folder = readCustodyFolder(fileURLToPath(new URL('custody', VECTORS)))
const manifest = manifestOf(2)

function found(states: Record<number, GenerationState>, seen: number[] = []): string[] {
  const standings = folder.standings.map((standing) => ({ ...standing, state: states[standing.generation] ?? 'burned', seen: standing.generation === manifest.generation ? seen : [] }))
  return lookAtEarlierSessions({ ...folder, standings }, manifest).map(({ what, level, said }) => `${level} ${what}: ${said}`)
}

test('a key that was used and is not proved dead, unless it is the one that this session is for', () => {
  expect(found({ 1: 'burned', 2: 'in use' })).toEqual([])
  expect(found({ 1: 'not proved dead', 2: 'in use' })).toEqual(['warn GENERATION 1: was used, and is not proved dead: it may be ALIVE. glasskey status says what ends it'])
  expect(found({ 1: 'burned', 2: 'not proved dead' })).toEqual([])
})

test('shares that were seen: some of them, and a quorum', () => {
  expect(found({ 2: 'in use' }, [1])).toEqual([expect.stringMatching(/^warn GENERATION 2: seen in an earlier session: the share of custodian 1 \(/)])
  expect(found({ 2: 'in use' }, [1, 2])).toEqual([expect.stringMatching(/^warn GENERATION 2: EXPOSED: a quorum of its shares was seen in earlier sessions \(custodian 1 \(.+\), custodian 2 \(.+\)\)\. Rotate it, whatever else is done$/)])
})
