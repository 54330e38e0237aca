/** Sealed shares on the table: what came first, forged or left out, is not in the way of the sheet itself. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sha256Hex } from '../../src/canonical.js'
import { sealedTexts, type SealedShare } from '../../src/custody/sealed-share.js'
import type { Expectation } from '../../src/custody/share.js'
import { ownKeyring } from '../../src/host/custodian-key.js'
import { SealedPile } from '../../src/strongroom/sealed-pile.js'
import { manifestOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const sealed = (length: number, first = 0): SealedShare => ({ rehearsal: true, keyId: manifestOf(2).keyId, custodian: 1, threshold: 2, shares: 3, fingerprint: 'A'.repeat(40), message: Uint8Array.from({ length }, (_, at) => (at === 0 ? first : at % 251)) })

/** The golden manifest, as if custodian 1's share were sealed like this. */
function expecting({ fingerprint, message }: SealedShare): Expectation {
  const manifest = manifestOf(2)
  return { manifest: { ...manifest, shares: manifest.shares.map((share, at) => (at === 0 ? { ...share, sealed: { fingerprint, sha256: sha256Hex(message) } } : share)) }, others: [] }
}

let said = ''
beforeEach(() => {
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

const open = (pile: SealedPile): Promise<void> => pile.open(() => [], () => undefined, { means: {}, passphraseFiles: {}, keyring: ownKeyring('/nowhere') }, new AbortController().signal)
const timesAsked = (): number => said.split('Its custodian brings the card or the key').length - 1

test.each([['one code', 300, 1], ['two codes', 500, 2]] as const)('a forgery of %s that was shown first: it is named, and then the sheet is taken', async (_, length, codes) => {
  const [mine, forged] = [sealed(length), sealed(length, 1)]
  expect(sealedTexts(mine)).toHaveLength(codes)
  const pile = new SealedPile(expecting(mine), 'any')
  const last = sealedTexts(forged).at(-1) ?? ''
  for (const text of sealedTexts(forged).slice(0, -1)) expect(pile.take(text)).toBe(true)
  expect(refusal(() => pile.take(last))).toMatchObject({ code: 'SHARE_COMMITMENT' })
  for (const text of sealedTexts(mine)) expect(pile.take(text)).toBe(true)
  await open(pile)
  expect(timesAsked()).toBe(1)
})

test('a code of another sheet is refused when it is read, not asked for until it is whole', () => {
  const mine = sealed(500)
  const pile = new SealedPile(expecting(mine), 'any')
  const first = (of: SealedShare): string => sealedTexts(of)[0] ?? ''
  expect(refusal(() => pile.take(first({ ...mine, keyId: '0'.repeat(16) })))).toMatchObject({ code: 'SHARE_OTHER_KEY' })
  expect(refusal(() => pile.take(first({ ...mine, fingerprint: 'B'.repeat(40) })))).toMatchObject({ code: 'SHARE_COMMITMENT' })
  expect(refusal(() => pile.take(first({ ...mine, custodian: 2 })))).toMatchObject({ code: 'SHARE_COMMITMENT' })
})

test('a code that was not read is named, with what can still be done', async () => {
  const mine = sealed(500)
  const pile = new SealedPile(expecting(mine), 'any')
  expect(pile.take(sealedTexts(mine)[0] ?? '')).toBe(true)
  await open(pile)
  expect(said).toContain('of the sealed share of custodian 1, code 2 of 2 was not read. Read it with a scanner that types, at the question for a share; or let another custodian\'s sheet take its place.')
})

test.each([['first', 0], ['second', 1]])('one code of a forgery, and then the sheet, whose %s is the other one: it is taken, and asked for once, however often it is shown', async (_, at) => {
  const mine = sealed(500)
  const pile = new SealedPile(expecting(mine), 'any')
  const texts = sealedTexts(mine)
  const forged = `${(texts[at] ?? '').slice(0, -8)}AAAAAAAA`
  const taken: string[] = []
  const timesTaken = (text: string): number => taken.push(text) && taken.filter((other) => other === text).length
  for (const text of [forged, ...texts, ...texts, forged]) {
    // A forged second code makes a whole with the first one, and that is named.
    if (at === 1 && text === texts[0] && timesTaken(text) === 1) expect(refusal(() => pile.take(text))).toMatchObject({ code: 'SHARE_COMMITMENT' })
    else expect(pile.take(text)).toBe(true)
  }
  await open(pile)
  expect(timesAsked()).toBe(1)
})

test('the other way round: a right one that waits is not asked for twice because a forged code follows it', async () => {
  const mine = sealed(500)
  const pile = new SealedPile(expecting(mine), 'any')
  const texts = sealedTexts(mine)
  for (const text of texts) pile.take(text)
  expect(refusal(() => pile.take(`${(texts[0] ?? '').slice(0, -8)}AAAAAAAA`))).toMatchObject({ code: 'SHARE_COMMITMENT' })
  for (const text of texts) pile.take(text)
  await open(pile)
  expect(timesAsked()).toBe(1)
})

test('a share that was left out is asked for again when its codes are scanned again, and only then', async () => {
  const mine = sealed(300)
  const pile = new SealedPile(expecting(mine), 'any')
  pile.take(sealedTexts(mine)[0] ?? '')
  await open(pile)
  await open(pile)
  expect(timesAsked()).toBe(1)
  pile.take(sealedTexts(mine)[0] ?? '')
  await open(pile)
  expect(timesAsked()).toBe(2)
})
