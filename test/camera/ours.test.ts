/** The page sends what the reader of scan files passes on: all that is on our sheets, and nothing else. */
import { expect, test } from 'vitest'
import { isOurs as onThePage } from '../../src/camera/page/ours.js'
import { toParts } from '../../src/custody/paper-parts.js'
import { sealedTexts } from '../../src/custody/sealed-share.js'
import { isOurs as inTheReader } from '../../src/reader/line.js'
import { secretsOf } from '../vectors/frozen.js'

const KEY_ID = '0011223344556677'
const sealed = (rehearsal: boolean): string[] => sealedTexts({ rehearsal, keyId: KEY_ID, custodian: 1, threshold: 2, shares: 3, fingerprint: 'A'.repeat(40), message: new Uint8Array(405) })
const [share = ''] = secretsOf(2).shareTexts

test.each<[string, string[]]>([
  ['a share', [share, share.toLowerCase()]],
  ['an envelope', toParts('GKE1', KEY_ID, new Uint8Array(600), 300)],
  ['a public key', toParts('GKP1', KEY_ID, new Uint8Array(300), 300)],
  ['a sealed share', sealed(false)],
  ['a sealed share of a rehearsal', sealed(true)],
])('%s is sent', (_, texts) => {
  expect(texts.map((text) => [onThePage(text), inTheReader(text)])).toEqual(texts.map(() => [true, true]))
})

test.each(['', 'https://example.com', 'GK1', 'GK2QPZ', 'XGK1QPZ', 'GKE1/', 'GKS1', 'GKS2/A', 'GKER1/A', 'GKSR1/\u001b[2J', 'GK1QPZ\nGK1QPZ', 'WIFI:S:x;;'])('other codes are told to nobody, %#', (text) => {
  expect([onThePage(text), inTheReader(text)]).toEqual([false, false])
})
