/** Sheets that are forged, mistyped, of another key, doubled or too few: each named, none accepted, nothing changed in the cloud. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inGroups, parseShareText, shareToText } from '../../src/custody/share-text.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
let good: string[]
beforeAll(async () => {
  stage = await rehearsal()
  good = await Promise.all([1, 2].map((custodian) => stage.shareText(2, custodian)))
})
afterAll(() => stage.close())

/** A share text with some fields changed and its checksum made right again. */
function forged(text: string, change: (share: ReturnType<typeof parseShareText>) => void): string {
  const share = parseShareText(text)
  change(share)
  return shareToText(share)
}

/** `C` mistyped as its neighbour on the keyboard, in the twelfth group. */
function mistyped(text: string): string {
  const at = 45
  return text.slice(0, at) + (text.charAt(at) === 'X' ? 'Z' : 'X') + text.slice(at + 1)
}

const BRING = 'Bring a sheet of GENERATION 2, key id '

test.each<[attack: string, texts: () => Promise<string[]> | string[], says: string | RegExp, count: number]>([
  ['forged with the right key id', () => [good[0] ?? '', forged(good[1] ?? '', ({ bytes }) => bytes.set(randomBytes(32)))], 'the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is not the one that the manifest promised. Keep the sheet', 1],
  ['x = 0, which alone would dictate the result', () => [good[0] ?? '', forged(good[1] ?? '', ({ bytes }) => bytes.set([0], 32))], 'the sheet of custodian 2 (Βασίλης Παπαδόπουλος) has x = 0, which no ceremony prints: it is forged.', 1],
  ['mistyped in one place', () => [good[0] ?? '', inGroups(mistyped(good[1] ?? ''))], 'misread: group 12 looks wrong. Compare with the paper group by group, or scan the sheet again.', 1],
  ['of a generation that is dead', async () => [good[0] ?? '', await stage.shareText(1, 2)], `the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is of GENERATION 1: that key is dead. ${BRING}`, 1],
  ['of a generation that waits', async () => [good[0] ?? '', await stage.shareText(3, 2)], `the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is of GENERATION 3: that key is not in use yet. ${BRING}`, 1],
  ['a real sheet at a rehearsal', () => [good[0] ?? '', forged(good[1] ?? '', (share) => (share.rehearsal = false))], 'this is a REAL sheet (GK), and this is a rehearsal. Put it back into its bag at once', 1],
  ['of a key that nobody knows', () => [good[0] ?? '', forged(good[1] ?? '', (share) => (share.keyId = 'feedfacefeedface'))], 'the sheet is of key feedfacefeedface, which is not in this custody folder.', 1],
  ['with another threshold', () => [good[0] ?? '', forged(good[1] ?? '', (share) => (share.threshold = 1))], 'the sheet of custodian 2 (Βασίλης Παπαδόπουλος) says 1 of 3, the manifest 2 of 3.', 1],
  ['of a custodian whom there is not', () => [good[0] ?? '', forged(good[1] ?? '', (share) => (share.custodian = 4))], 'there is no custodian 4: this set has 3.', 1],
  ['the second copy of one already given', () => [good[0] ?? '', good[0]?.toLowerCase() ?? ''], 'the share of custodian 1 (Ada Lovelace) was given already: copies count once. 1 of 2 shares; 1 more needed.', 1],
  ['one custodian\'s share under another\'s number', () => [good[0] ?? '', forged(good[0] ?? '', (share) => (share.custodian = 2))], 'the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is not the one that the manifest promised.', 1],
  ['too few', () => [good[0] ?? ''], 'QUORUM_NOT_REACHED: 1 of 2 shares; 1 more needed.\nNothing is wrong with the sheets given; more are needed.', 1],
  ['something else entirely', () => ['HELLO'], 'this is not a glasskey share: the text of a share begins with GK1 or GKR1.', 0],
])('%s', async (_, texts, says, count) => {
  const before = stage.cloud.stateDigest()
  const file = join(stage.directory, 'typed.txt')
  writeFileSync(file, (await texts()).join('\n') + '\n')
  const args = stage.rotate().filter((word, at, all) => word !== '--scan' && all[at - 1] !== '--scan')
  const { code, stderr, stdout } = await stage.run([...args, '--share-file', file, '--json'])
  expect(stderr).toContain(says)
  expect(stderr).toContain(`QUORUM_NOT_REACHED: ${count} of 2 shares`)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'QUORUM_NOT_REACHED' }, grade: null, actionResult: 'not begun' })
  expect(code).toBe(5)
  expect(stage.cloud.stateDigest()).toBe(before)
  // No secret is in what was said or written.
  for (const text of [stderr, stdout, JSON.stringify(stage.journal())]) for (const share of good) expect(text).not.toContain(share.slice(24))
})
