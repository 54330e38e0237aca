/** What is said before a session, of what an earlier one measured. */
import { expect, test } from 'vitest'
import { lookAtRevocation } from '../../src/breakglass/preflight.js'
import type { CustodyFolder } from '../../src/host/custody-folder.js'
import type { Generation } from '../../src/host/sealed-folder.js'

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
