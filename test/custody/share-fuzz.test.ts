/** Mutated share texts, half of them with a checksum that is right again: none may be accepted as another share. */
import { bech32m } from '@scure/base'
import { expect, test } from 'vitest'
import { GlasskeyError } from '../../src/errors.js'
import { judgeShare } from '../../src/custody/share.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { manifestOf, secretsOf } from '../vectors/frozen.js'

const ROUNDS = 120_000
const SEED = Number(process.env['GLASSKEY_SEED'] ?? 20261120)
const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'

/** mulberry32: small, fixed, good enough to choose mutations. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Changes the text: 1 to 6 edits of kinds that people, scanners and forgers make. */
function edited(text: string, upTo: (below: number) => number): string {
  let result = text
  for (let left = 1 + upTo(6); left > 0; left -= 1) {
    const at = upTo(result.length)
    const letter = ALPHABET.charAt(upTo(32))
    result = [
      () => result.slice(0, at) + letter + result.slice(at + 1),
      () => result.slice(0, at) + letter + result.slice(at),
      () => result.slice(0, at) + result.slice(at + 1),
      () => result.slice(0, at) + result.charAt(at + 1) + result.charAt(at) + result.slice(at + 2),
      () => result.slice(0, at) + result.slice(at, at + 4).repeat(2) + result.slice(at + 4),
      () => result.slice(0, at) + String.fromCharCode(upTo(128)) + result.slice(at + 1),
    ][upTo(6)]?.() ?? result
  }
  return result
}

/** Changes the payload and makes the checksum right again. */
function forged(text: string, upTo: (below: number) => number): string {
  const payload = bech32m.fromWords(bech32m.decode(text.toLowerCase() as `gkr1${string}`).words)
  for (let left = 1 + upTo(4); left > 0; left -= 1) {
    const at = upTo(payload.length)
    payload[at] = upTo(3) === 0 ? upTo(256) : (payload[at] ?? 0) ^ (1 << upTo(8))
  }
  const cut = upTo(20) === 0 ? payload.slice(0, upTo(60)) : payload
  return bech32m.encode(upTo(10) === 0 ? 'gk' : 'gkr', bech32m.toWords(cut), 200).toUpperCase()
}

test(`${ROUNDS} mutations, seed ${SEED}`, () => {
  console.log(`share fuzz: GLASSKEY_SEED=${SEED}, ${ROUNDS} rounds`)
  const upTo = numbers(SEED)
  const manifest = manifestOf(2)
  const originals = secretsOf(2).shareTexts
  const expectation = { manifest, others: [{ manifest: manifestOf(1), standing: 'that key is dead' }] }
  const promised = new Set(originals.map((text) => Buffer.from(parseShareText(text).bytes).toString('hex')))
  const counts = { accepted: 0, unchanged: 0, judged: 0 }
  const codes = new Set<string>()
  for (let round = 0; round < ROUNDS; round += 1) {
    const original = originals[upTo(originals.length)] ?? ''
    const text = round % 2 === 0 ? edited(original, upTo) : forged(original, upTo)
    try {
      const untrusted = parseShareText(text)
      counts.judged += 1
      const share = judgeShare(untrusted, expectation)
      counts.accepted += 1
      // Accepted only where the mutations cancelled out, or changed what does not count (case, spaces, dashes).
      expect(text.replace(/[\s-]/g, '').toUpperCase(), `GLASSKEY_SEED=${SEED}, round ${round}`).toBe(originals[share.custodian - 1])
      expect(promised).toContain(Buffer.from(share.bytes).toString('hex'))
      counts.unchanged += 1
    } catch (error) {
      if (!(error instanceof GlasskeyError)) throw error
      codes.add(error.code)
      // No message repeats what it read: a mistyped share is still nearly the secret.
      expect(error.message.length).toBeLessThan(160)
    }
  }
  expect(counts.accepted).toBe(counts.unchanged)
  expect(counts.judged).toBeGreaterThan(ROUNDS * 0.45)
  expect(counts.accepted).toBeLessThan(ROUNDS * 0.02)
  expect([...codes].sort()).toEqual(['SHARE_COMMITMENT', 'SHARE_MISREAD', 'SHARE_NUMBER', 'SHARE_OTHER_KEY', 'SHARE_OTHER_SET', 'SHARE_REAL_IN_REHEARSAL', 'SHARE_VERSION', 'SHARE_ZERO_X'].sort())
})
