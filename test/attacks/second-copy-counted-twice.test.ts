/** One custodian's share given twice: as a second copy, in other letters, under another's number. Copies count once. */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { formQuorum } from '../../src/custody/quorum.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { manifestOf, sharesOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'
import { expectTooFew, forged } from './given.js'
import { openSheets } from '../../src/ceremony/recover.js'
import { ownKeyring } from '../../src/host/custodian-key.js'
import type { Journal } from '../../src/strongroom/journal.js'
import { collectShares } from '../../src/strongroom/shares.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { envelopeOf, secretsOf } from '../vectors/frozen.js'
import { refusalOf } from '../vectors/refusal.js'

let stage: Rehearsal
let mine: string
beforeAll(async () => {
  stage = await rehearsal()
  mine = await stage.shareText(2, 1)
})
afterAll(() => stage.close())

test('the second copy of one already given', () => expectTooFew(stage, [mine, mine.toLowerCase()], 'the share of custodian 1 (Ada Lovelace) was given already: copies count once. 1 of 2 shares; 1 more needed.', 1))

test('a sheet scanned twice, or a hundred times: the second is named, and further ones fill neither screen nor journal', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const written: { type: string }[] = []
  const journal = { writeSeen: (entry: { type: string }) => written.push(entry) } as unknown as Journal
  const [first = '', second = ''] = secretsOf(2).shareTexts
  const pages = [...Array.from({ length: 100 }, () => first), second].map((text, at) => ({ file: 'scan.pdf', page: at + 1, text }))
  const reader = Readable.from([...pages, { done: true }].map((line) => `${JSON.stringify(line)}\n`)) as unknown as Socket
  try {
    const sources = { reader, camera: false, shareFiles: [], keys: { means: {}, passphraseFiles: {}, keyring: ownKeyring() }, remote: { accepted: [], disputed: [] }, left: new AbortController().signal }
    const { quorum } = await collectShares({ manifest: manifestOf(2), others: [] }, 'any', sources, journal, () => undefined, () => Promise.resolve())
    expect(quorum.shares.map(({ custodian }) => custodian)).toEqual([1, 2])
    expect(written.map(({ type }) => type)).toEqual(['share-accepted', 'share-refused', 'share-accepted'])
    expect(written[1]).toMatchObject({ code: 'SHARE_TWICE', custodian: 1 })
    expect(said.mock.calls.map(([words]) => String(words))).toEqual([
      expect.stringContaining('1 of 2: the sheet of custodian 1 ('),
      expect.stringMatching(/scan\.pdf, page 2: the share of custodian 1 \(.+\) was given already: copies count once\. 1 of 2 shares; 1 more needed\. It must come from another custodian\./),
      expect.stringContaining('2 of 2: the sheet of custodian 2 ('),
    ])
  } finally {
    said.mockRestore()
  }
})

test('one custodian\'s share under another\'s number: two custodians cannot give the same share', () =>
  expectTooFew(stage, [mine, forged(mine, (share) => (share.custodian = 2))], 'the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is not the one that the manifest promised.', 1))

test('nor behind the judge: a quorum of one share twice is no quorum, and one point under two names is named', () => {
  const [first, second] = sharesOf(2)
  if (!first || !second) throw new Error('the golden set has three shares')
  expect(refusal(() => formQuorum([first, first], manifestOf(2)))).toMatchObject({ code: 'SHARE_TWICE' })
  expect(refusal(() => formQuorum([first, { ...second, bytes: first.bytes }], manifestOf(2)))).toMatchObject({ code: 'SHARE_SAME_X', message: expect.stringContaining('are the same point: one of them is forged') as string })
})

test('nor in a recovery, which has no manifest: copies are one share, and the same point with other bytes is forged', async () => {
  const share = parseShareText(secretsOf(2).shareTexts[0] ?? '')
  expect(await refusalOf(() => openSheets({ shares: [share, { ...share, custodian: 2 }], parts: [] }, envelopeOf(2)))).toMatchObject({ code: 'QUORUM_NOT_REACHED', message: '1 of 2 shares; 1 more needed.' })
  const bytes = Uint8Array.from(share.bytes, (byte, at) => (at === 0 ? byte ^ 1 : byte))
  expect(await refusalOf(() => openSheets({ shares: [share, { ...share, custodian: 2, bytes }], parts: [] }, envelopeOf(2)))).toMatchObject({ code: 'SHARE_SAME_X' })
})
