/** What a scanner that types may put in the place of an answer. */
import { expect, test } from 'vitest'
import { holdsSheetCode } from '../../src/custody/sheet-code.js'
import { inGroups, shareToText } from '../../src/custody/share-text.js'

const text = shareToText({ rehearsal: false, keyId: '0123456789abcdef', threshold: 3, shares: 5, custodian: 2, bytes: new Uint8Array(33).fill(7) })

test.each([
  ['a share', text],
  ['a share in lower case, in groups', inGroups(text.toLowerCase())],
  ['a share of a rehearsal, with dashes', `GKR1-${text.slice(3).replace(/.{4}/g, '$&-')}`],
  ['a share behind the number of the bag', `B-0001 ${text}`],
  ['one secret character of a share', text.slice(0, 22)],
  ['a code of a sealed share', 'GKS1/0123456789ABCDEF/2/3/5/'],
  ['one of a rehearsal', 'GKSR1/0123456789ABCDEF/2/3/5/'],
  ['a code of an envelope', 'GKE1/0123456789ABCDEF/1/9/ABCD'],
  ['a code of the ceremony record', 'gkp1/0123456789abcdef/1/2/ABCD'],
])('%s', (_, words) => {
  expect(holdsSheetCode(words)).toBe(true)
})

test.each([
  ['what is no secret in a share', text.slice(0, 21)],
  ['the number of a bag', 'GK1-0034-2291'],
  ['a sentence', 'The code begins GK1 and the printer smeared it, so that nobody could read it'],
  ['the numbers of two bags', 'Bag GK10023 and GK10024 seal intact, both compared'],
  ['a serial number', 'printer LX-GK 12, scanner SC-1'],
  ['a digest', '5f1d'.repeat(16)],
  ['an OCID', 'ocid1.user.oc1..aaaaaaaagk2aaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
])('not %s', (_, words) => {
  expect(holdsSheetCode(words)).toBe(false)
})
