/**
 * Mutated shares, half of them with the checksum made right again: none may be accepted but what a ceremony printed.
 *
 *     npm run test:fuzz -- [--rounds N] [--seed N]
 *
 * A seed, which is printed, gives the same shares again. `npm test` runs some of them. It runs over dist/.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bech32m } from '@scure/base'
import { parseManifest } from '../../dist/custody/manifest.js'
import { parseShareText, shareToText } from '../../dist/custody/share-text.js'
import { commitmentOf, judgeShare } from '../../dist/custody/share.js'
import { GlasskeyError } from '../../dist/errors.js'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } })
const rounds = Number(values.rounds ?? 1_000_000)
const seed = Number(values.seed ?? process.env.GLASSKEY_SEED ?? Math.floor(Math.random() * 2 ** 32))
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) throw new RangeError('--rounds and --seed are whole numbers')

const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'
const VECTORS = new URL('../vectors/1/', import.meta.url)
const manifestOf = (generation) => parseManifest(readFileSync(new URL(`custody/generations/${generation}/manifest.json`, VECTORS), 'utf8'))
/** Key id of a generation that is not in use yet. */
const WAITING = Buffer.from(manifestOf(3).keyId, 'hex')

// First of all: a run that hangs or is killed can be played again.
console.error(`seed ${seed}`)

/** mulberry32: small, fixed, good enough to choose mutations. */
let state = seed >>> 0
function upTo(below) {
  state = (state + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below
}
const oneOf = (items) => items[upTo(items.length)]

/** The golden set, 2 of 3 of a rehearsal; and sets of a real kind whose shares are random points, which is all that a text shows. */
function printedSets() {
  const secrets = JSON.parse(readFileSync(new URL('secrets.json', VECTORS), 'utf8'))
  const golden = { manifest: manifestOf(2), texts: secrets.find(({ generation }) => generation === 2).shareTexts }
  const drawn = [[3, 5], [7, 10], [16, 32]].map(([threshold, count]) => {
    const shares = Array.from({ length: count }, (_, at) => ({ custodian: at + 1, bytes: Uint8Array.from({ length: 33 }, (_, byte) => (byte === 32 ? at * 7 + 1 : upTo(256))) }))
    const manifest = { ...manifestOf(1), rehearsal: false, threshold, shares: shares.map(({ custodian, bytes }) => ({ custodian, name: `Custodian ${custodian}`, copies: 1, commitment: commitmentOf(bytes) })) }
    return { manifest, texts: shares.map((share) => shareToText({ ...share, rehearsal: false, keyId: manifest.keyId, threshold, shares: count })) }
  })
  const all = [golden, ...drawn]
  return all.map(({ manifest, texts }) => ({ texts, expectation: { manifest, others: [{ manifest: manifestOf(3), standing: 'that key is not in use yet' }] }, strangers: all.flatMap((other) => other.texts) }))
}

/** Changes the text: 1 to 6 edits of kinds that people, scanners and forgers make. */
function edited(text) {
  let result = text
  for (let left = 1 + upTo(6); left > 0; left -= 1) {
    const at = upTo(result.length)
    const letter = ALPHABET.charAt(upTo(32))
    result = oneOf([
      () => result.slice(0, at) + letter + result.slice(at + 1),
      () => result.slice(0, at) + letter + result.slice(at),
      () => result.slice(0, at) + result.slice(at + 1),
      () => result.slice(0, at) + result.charAt(at + 1) + result.charAt(at) + result.slice(at + 2),
      () => result.slice(0, at) + result.slice(at, at + 4).repeat(2) + result.slice(at + 4),
      () => result.slice(0, at) + String.fromCharCode(upTo(oneOf([128, 0x10000]))) + result.slice(at + 1),
      () => result.slice(0, at) + oneOf([' ', '-', '\n', '\0', '\u200b']) + result.slice(at),
    ])()
  }
  return result
}

const payloadOf = (text) => bech32m.fromWords(bech32m.decode(text.toLowerCase(), 90).words)

/** Changes the payload and makes the checksum right again. */
function forged(text, strangers) {
  const payload = payloadOf(text)
  const other = payloadOf(oneOf(strangers))
  oneOf([
    // Bits and bytes anywhere.
    () => {
      for (let left = 1 + upTo(4); left > 0; left -= 1) {
        const at = upTo(payload.length)
        payload[at] = upTo(3) === 0 ? upTo(256) : payload[at] ^ (1 << upTo(8))
      }
    },
    // Another sheet's point under this header, and this point under another's header.
    () => payload.set(other.subarray(12), 12),
    () => payload.set(other.subarray(0, 12)),
    () => payload.set(other.subarray(12, 44), 12),
    // One field: key id, threshold, number of shares, custodian, x.
    () => payload.set(oneOf([Uint8Array.from({ length: 8 }, () => upTo(256)), WAITING]), 1),
    () => payload.set([upTo(256)], 9 + upTo(3)),
    () => payload.set([upTo(256)], 44),
    // A point of the forger's own.
    () => payload.set(Uint8Array.from({ length: 33 }, () => upTo(256)), 12),
  ])()
  const length = upTo(20) === 0 ? upTo(60) : payload.length
  const sized = length <= payload.length ? payload.subarray(0, length) : Uint8Array.from([...payload, ...new Uint8Array(length - payload.length)])
  const prefix = upTo(10) === 0 ? oneOf(['gk', 'gkr', 'bc']) : text.startsWith('GKR') ? 'gkr' : 'gk'
  return bech32m.encode(prefix, bech32m.toWords(sized), 200).toUpperCase()
}

const sets = printedSets()
const counts = { right: 0, unchanged: 0, wrong: 0 }
const codes = new Map()
const started = performance.now()
for (let round = 0; round < rounds; round += 1) {
  const { texts, expectation, strangers } = sets[round % 8 < 6 ? 0 : oneOf([1, 2, 3])]
  const original = oneOf(texts)
  const mended = round % 2 === 1
  if (mended) counts.right += 1
  const text = mended ? forged(original, strangers) : edited(original)
  try {
    const share = judgeShare(parseShareText(text), expectation)
    // Right only where the mutations cancelled out, or changed what does not count: case, white space, dashes.
    const same = text.replace(/[\s-]/g, '').toUpperCase() === texts[share.custodian - 1]
    if (same) counts.unchanged += 1
    else {
      counts.wrong += 1
      console.error(`WRONGLY ACCEPTED in round ${round}, seed ${seed}: ${text}`)
    }
  } catch (error) {
    // Anything but a refusal is a fault; and no refusal repeats what it read, which is nearly the secret.
    if (!(error instanceof GlasskeyError) || error.message.length > 160) throw new Error(`round ${round}, seed ${seed}`, { cause: error })
    codes.set(error.code, (codes.get(error.code) ?? 0) + 1)
  }
}
const figure = (number) => number.toLocaleString('en')
console.log(`${figure(rounds)} mutated shares, ${figure(counts.right)} of them with the checksum made right again, seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s:`)
console.log(`${figure(counts.wrong)} wrongly accepted, ${figure(counts.unchanged)} as printed after all, ${figure(rounds - counts.wrong - counts.unchanged)} refused`)
for (const [code, count] of [...codes].sort()) console.log(`  ${code.padEnd(26)}${figure(count).padStart(9)}`)
process.exitCode = counts.wrong === 0 ? 0 : 1
