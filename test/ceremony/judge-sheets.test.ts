/** What the page of a camera says of each thing that it saw. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeText, verdictOn } from '../../src/ceremony/judge-sheets.js'
import { sheetTexts } from '../../src/ceremony/read-sheets.js'
import { sealedTexts } from '../../src/custody/sealed-share.js'
import { probeIsolation } from '../../src/host/isolation.js'

test('one code of several of a sealed share is one, and not none', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-judge-'))
  try {
    const codes = sealedTexts({ rehearsal: true, keyId: '0011223344556677', custodian: 1, threshold: 2, shares: 3, fingerprint: 'A'.repeat(40), message: new Uint8Array(405) })
    expect(codes).toHaveLength(2)
    writeFileSync(join(directory, 'codes'), codes.join('\n'))
    const words: string[] = []
    for await (const found of sheetTexts({ scans: [], shareFiles: [join(directory, 'codes')] }, probeIsolation())) words.push(verdictOn(judgeText(found, null)).words)
    expect(words).toEqual(['One code of a sealed share. Its others are still missing.', 'Share 1 of 3, key id 0011223344556677. Now page 2.'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
