/** What is said before a session, of what an earlier one measured. */
import { expect, test } from 'vitest'
import { lookAtRevocation, refuseStops } from '../../src/breakglass/preflight.js'
import type { CustodyFolder } from '../../src/host/custody-folder.js'
import type { Generation } from '../../src/host/sealed-folder.js'
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
