/** Practice sheets where a real key is meant, and real ones in a practice: said at once, and relabelling them does not help. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSheets } from '../../src/ceremony/recover.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { judgeShare } from '../../src/custody/share.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { envelopeOf, manifestOf, secretsOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'
import { expectTooFew, forged } from './given.js'
import { realSet, type RealSet } from './real-set.js'

let stage: Rehearsal
let real: RealSet
beforeAll(async () => {
  ;[stage, real] = await Promise.all([rehearsal(), realSet()])
})
afterAll(async () => {
  await stage.close()
  real.end()
})

const REAL_HERE = 'this is a REAL sheet (GK), and this is a rehearsal. Put it back into its bag at once'

test('a real sheet at a rehearsal, and a practice sheet relabelled as one', async () => {
  const mine = await stage.shareText(2, 1)
  await expectTooFew(stage, [mine, real.shareTexts(2)[1] ?? ''], REAL_HERE, 1)
  await expectTooFew(stage, [mine, forged(await stage.shareText(2, 2), (share) => (share.rehearsal = false))], REAL_HERE, 1)
})

test('a practice sheet for a real key, and a real sheet relabelled as practice', () => {
  const manifest = real.manifest(2)
  const [mine = ''] = real.shareTexts(2)
  expect(judgeShare(parseShareText(mine), { manifest, others: [] }).custodian).toBe(1)
  for (const text of [secretsOf(2).shareTexts[0] ?? '', forged(mine, (share) => (share.rehearsal = true))]) {
    expect(refusal(() => judgeShare(parseShareText(text), { manifest, others: [] }))).toMatchObject({ code: 'SHARE_PRACTICE' })
  }
})

test('practice sheets relabelled as real do not fit their manifest\'s envelope in a recovery either', async () => {
  const shares = secretsOf(2).shareTexts.slice(0, 2).map((text) => ({ ...parseShareText(text), rehearsal: false }))
  expect(manifestOf(2).rehearsal).toBe(true)
  expect(await refusalOf(() => openSheets({ shares, parts: [] }, envelopeOf(2)))).toMatchObject({ code: 'ENVELOPE_INVALID' })
})

test('real sheets relabelled as practice, so that --yes would do: the envelope knows that it is real', async () => {
  const shares = real.shareTexts(2).slice(0, 2).map((text) => ({ ...parseShareText(text), rehearsal: true }))
  const envelope = new Uint8Array(readFileSync(join(real.custody, 'generations/2/envelope.pgp')))
  expect(await refusalOf(() => openSheets({ shares, parts: [] }, envelope))).toMatchObject({ code: 'ENVELOPE_INVALID' })
})
