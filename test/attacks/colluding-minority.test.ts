/**
 * k-1 custodians together craft their shares so that the honest one's completes what they want. In Shamir's scheme that
 * works: adding a polynomial of their own adds its value to the secret. The commitments refuse it; and with commitments
 * changed too, what comes out is off by what they added, and opens nothing.
 */
import { combine } from 'shamir-secret-sharing'
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { makeGenerations, type MadeGeneration } from '../../src/ceremony/generations.js'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { openEnvelope } from '../../src/custody/envelope.js'
import type { Manifest } from '../../src/custody/manifest.js'
import { formQuorum } from '../../src/custody/quorum.js'
import { commitmentOf, judgeShare } from '../../src/custody/share.js'
import { parseShareText, type UntrustedShare } from '../../src/custody/share-text.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

let made: MadeGeneration
beforeAll(async () => {
  const custody = parseCustodyYaml(
    custodyYaml({ team: 'Team', contact: 'Desk', tenancy: 'ocid1.tenancy.oc1..aaaaaaaanobody', user: 'ocid1.user.oc1..aaaaaaaanobody', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'], threshold: 3, custodians: ['Ada', 'Grace', 'Katherine', 'Mallory'], copies: 1, generations: 2, keySize: 2048, paper: 'A4', maximumHours: 4 }),
  )
  ;[made] = (await makeGenerations({ custody, rehearsal: false, first: 1, count: 1, previousManifestSha256: null, now: new Date(), onMade: () => undefined })) as [MadeGeneration]
})

const shares = (): UntrustedShare[] => made.shareTexts.slice(0, 3).map((text) => parseShareText(text))
const recombined = async (bytes: Uint8Array[]): Promise<Buffer> => Buffer.from(await combine(bytes.map((share) => new Uint8Array(share))))
const xor = (one: Uint8Array, other: Uint8Array): Buffer => Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)))

/** What the two colluders (custodians 1 and 2) add to their shares; x, the last byte, stays. */
function crafted(): { shares: UntrustedShare[]; added: Uint8Array[] } {
  const whole = shares()
  const added = whole.map(({ bytes }, at) => new Uint8Array([...(at < 2 ? randomBytes(32) : Buffer.alloc(32)), bytes.at(-1) ?? 0]))
  return { added, shares: whole.map((share, at) => (at < 2 ? { ...share, bytes: new Uint8Array([...xor(share.bytes, added[at] ?? share.bytes).subarray(0, 32), share.bytes.at(-1) ?? 0]) } : share)) }
}

test('the attack on the bare scheme: they know exactly by how much the result is off', async () => {
  const attack = crafted()
  const secret = await recombined(shares().map(({ bytes }) => bytes))
  const steered = await recombined(attack.shares.map(({ bytes }) => bytes))
  expect(steered.equals(secret)).toBe(false)
  expect(xor(steered, secret)).toEqual(await recombined(attack.added))
})

test('refused by the commitments, by name, before anything is recombined; the honest share is not blamed', () => {
  const { manifest } = made
  const [ada, grace, katherine] = crafted().shares
  for (const [share, whose] of [[ada, 'custodian 1 (Ada)'], [grace, 'custodian 2 (Grace)']] as const) {
    expect(refusal(() => judgeShare(share as UntrustedShare, { manifest, others: [] }))).toMatchObject({ code: 'SHARE_COMMITMENT', message: `the sheet of ${whose} is not the one that the manifest promised` })
  }
  expect(judgeShare(katherine as UntrustedShare, { manifest, others: [] }).custodian).toBe(3)
})

test('with the commitments in the folder changed too: the envelope does not open', async () => {
  const attack = crafted()
  const manifest: Manifest = { ...made.manifest, shares: made.manifest.shares.map((entry, at) => ({ ...entry, commitment: attack.shares[at] ? commitmentOf(attack.shares[at].bytes) : entry.commitment })) }
  const quorum = formQuorum(attack.shares.map((share) => judgeShare(share, { manifest, others: [] })), manifest)
  expect(await refusalOf(() => openEnvelope(quorum, made.envelope))).toMatchObject({ code: 'ENVELOPE_INVALID' })
})

test('with a fourth sheet on the table the disagreement itself is named', async () => {
  const attack = crafted()
  const all = [...attack.shares, parseShareText(made.shareTexts[3] ?? '')]
  const manifest: Manifest = { ...made.manifest, shares: made.manifest.shares.map((entry, at) => ({ ...entry, commitment: commitmentOf((all[at] as UntrustedShare).bytes) })) }
  const quorum = formQuorum(all.map((share) => judgeShare(share, { manifest, others: [] })), manifest)
  expect(await refusalOf(() => openEnvelope(quorum, made.envelope))).toMatchObject({ code: 'SHARES_INCONSISTENT' })
})

test('x = 0 would make the others\' shares weigh nothing, and a point given twice divides by zero: neither gets as far', () => {
  const { manifest } = made
  const [ada, grace] = shares() as [UntrustedShare, UntrustedShare]
  const dictated = { ...ada, bytes: new Uint8Array([...randomBytes(32), 0]) }
  const promised: Manifest = { ...manifest, shares: manifest.shares.map((entry) => (entry.custodian === 1 ? { ...entry, commitment: commitmentOf(dictated.bytes) } : entry)) }
  expect(refusal(() => judgeShare(dictated, { manifest: promised, others: [] }))).toMatchObject({ code: 'SHARE_ZERO_X' })
  const again = { ...grace, bytes: new Uint8Array([...randomBytes(32), ada.bytes.at(-1) ?? 0]) }
  const agreed: Manifest = { ...manifest, shares: manifest.shares.map((entry) => (entry.custodian === 2 ? { ...entry, commitment: commitmentOf(again.bytes) } : entry)) }
  expect(refusal(() => formQuorum([ada, again].map((share) => judgeShare(share, { manifest: agreed, others: [] })), agreed))).toMatchObject({ code: 'SHARE_SAME_X' })
})
