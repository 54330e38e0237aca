import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inGroups, shareToText } from '../../src/custody/share-text.js'
import { typedTexts } from '../../src/host/typed-lines.js'

const directory = mkdtempSync(join(tmpdir(), 'glasskey-typed-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

const shareOf = (custodian: number, rehearsal = false): string => shareToText({ rehearsal, keyId: '0123456789abcdef', threshold: 2, shares: 3, custodian, bytes: new Uint8Array(33).fill(custodian) })
const [ONE, TWO, PRACTICE] = [shareOf(1), shareOf(2), shareOf(3, true)]

/** As printed: so many groups in a row. */
function inRows(text: string, groups = 5): string {
  return inGroups(text).match(new RegExp(`(\\S+ ?){1,${groups}}`, 'g'))?.map((row) => row.trim()).join('\n') ?? ''
}

async function read(text: string): Promise<[text: string, line: number][]> {
  const file = join(directory, 'shares.txt')
  writeFileSync(file, text)
  const found: [string, number][] = []
  for await (const { text: one, line } of typedTexts(file)) found.push([one.replaceAll(' ', ''), line])
  return found
}

describe('shares in a file', () => {
  test('one a line, with the lines that they stand in', async () => {
    expect(await read(`${ONE}\n\n${inGroups(TWO)}\r\n${PRACTICE.toLowerCase()}`)).toEqual([[ONE, 1], [TWO, 3], [PRACTICE.toLowerCase(), 4]])
  })

  test('in rows as printed, one below the other, be they of five groups or of fewer', async () => {
    for (const groups of [5, 4, 3, 1]) {
      const rows = [ONE, TWO, PRACTICE].map((text) => inRows(text, groups))
      const lines = rows.map((text) => text.split('\n').length)
      expect(await read(rows.join('\n'))).toEqual([[ONE, 1], [TWO, 1 + (lines[0] ?? 0)], [PRACTICE, 1 + (lines[0] ?? 0) + (lines[1] ?? 0)]])
    }
    expect(await read(`${inRows(ONE).replaceAll('\n', '\n\n')}\n\n${TWO}`)).toEqual([[ONE, 1], [TWO, 11]])
  })

  test('what is not whole is given as it stands, and takes nothing of what follows', async () => {
    const rows = inRows(ONE).split('\n')
    const [first = '', second = ''] = rows
    // A row is missing, a character is missing in one, and the end of the file comes first.
    expect(await read([...rows.slice(0, -2), TWO].join('\n'))).toEqual([[rows.slice(0, -2).join('').replaceAll(' ', ''), 1], [TWO, 4]])
    expect(await read([first.slice(0, -1), second, TWO].join('\n'))).toEqual([[first.slice(0, -1).replaceAll(' ', ''), 1], [second.replaceAll(' ', ''), 2], [TWO, 3]])
    expect(await read(first)).toEqual([[first.replaceAll(' ', ''), 1]])
    // A single line without a whole group of its own is refused as it stands: what comes below it is none of it.
    expect(await read(`${ONE.slice(0, -5)}\n${second}\n${TWO}`)).toEqual([[ONE.slice(0, -5), 1], [second.replaceAll(' ', ''), 2], [TWO, 3]])
    expect(await read(`${first}\nGKE1/1/2/abc\n${TWO}`)).toEqual([[first.replaceAll(' ', ''), 1], ['GKE1/1/2/abc', 2], [TWO, 3]])
  })
})
