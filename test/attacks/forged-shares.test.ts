/** Sheets that are forged, mistyped, of another key or too few: each named, none accepted, nothing changed in the cloud. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inGroups, parseShareText } from '../../src/custody/share-text.js'
import { judgeShare } from '../../src/custody/share.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { manifestOf, secretsOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'
import { expectTooFew, forged } from './given.js'

let stage: Rehearsal
let good: string[]
beforeAll(async () => {
  stage = await rehearsal()
  good = await Promise.all([1, 2].map((custodian) => stage.shareText(2, custodian)))
})
afterAll(() => stage.close())

/** `C` mistyped as its neighbour on the keyboard, in the twelfth group. */
function mistyped(text: string): string {
  const at = 45
  return text.slice(0, at) + (text.charAt(at) === 'X' ? 'Z' : 'X') + text.slice(at + 1)
}

const BRING = 'Bring a sheet of GENERATION 2, key id '

test.each<[attack: string, texts: () => Promise<string[]> | string[], says: string, count: number]>([
  ['forged with the right key id', () => [good[0] ?? '', forged(good[1] ?? '', ({ bytes }) => bytes.set(randomBytes(32)))], 'the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is not the one that the manifest promised. Keep the sheet', 1],
  ['mistyped in one place', () => [good[0] ?? '', inGroups(mistyped(good[1] ?? ''))], 'misread: group 12 looks wrong. Compare with the paper group by group, or scan the sheet again.', 1],
  ['of a generation that is dead', async () => [good[0] ?? '', await stage.shareText(1, 2)], `the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is of GENERATION 1: that key is dead. ${BRING}`, 1],
  ['of a generation that waits', async () => [good[0] ?? '', await stage.shareText(3, 2)], `the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is of GENERATION 3: that key is not in use yet. ${BRING}`, 1],
  ['too few', () => [good[0] ?? ''], 'QUORUM_NOT_REACHED: 1 of 2 shares; 1 more needed.\nNothing is wrong with the sheets that were accepted; more are needed.', 1],
])('%s', async (_, texts, says, count) => {
  await expectTooFew(stage, await texts(), says, count)
})

const [real = '', other = ''] = secretsOf(2).shareTexts

test.each<[attack: string, text: string, code: string, says: string]>([
  ['of a key that nobody knows', forged(real, (share) => (share.keyId = 'feedfacefeedface')), 'SHARE_OTHER_KEY', 'the sheet is of key feedfacefeedface, which is not in this custody folder'],
  ['with another threshold', forged(real, (share) => (share.threshold = 1)), 'SHARE_OTHER_SET', 'says 1 of 3, the manifest 2 of 3'],
  ['of a custodian whom there is not', forged(real, (share) => (share.custodian = 4)), 'SHARE_NUMBER', 'there is no custodian 4: this set has 3'],
  ['another custodian\'s share under this number', forged(other, (share) => (share.custodian = 1)), 'SHARE_COMMITMENT', 'is not the one that the manifest promised'],
  ['x = 0, which alone would dictate the result', forged(real, ({ bytes }) => bytes.set([0], 32)), 'SHARE_ZERO_X', 'has x = 0, which no ceremony prints: it is forged'],
])('%s', (_, text, code, says) => {
  const manifest = manifestOf(2)
  expect(judgeShare(parseShareText(real), { manifest, others: [] }).custodian).toBe(1)
  const refused = refusal(() => judgeShare(parseShareText(text), { manifest, others: [] }))
  expect(refused.code).toBe(code)
  expect(refused.message).toContain(says)
})

test('something else entirely', () => {
  expect(refusal(() => parseShareText('HELLO'))).toMatchObject({ message: 'this is not a glasskey share: the text of a share begins with GK1 or GKR1' })
})
