/** Shares given to a session as typed texts, and how it refuses them: with too few, and nothing done. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parseShareText, shareToText, type UntrustedShare } from '../../src/custody/share-text.js'
import { withoutShares, type Rehearsal } from '../stage/rehearsal.js'

/** A share text with some fields changed and its checksum made right again. */
export function forged(text: string, change: (share: UntrustedShare) => void): string {
  const share = parseShareText(text)
  change(share)
  return shareToText(share)
}

/** Gives these texts to a rotation: it says what is wrong, counts `count` of them, ends with 5, and nothing happened. */
export async function expectTooFew(stage: Rehearsal, texts: readonly string[], says: string, count: number): Promise<void> {
  const before = stage.cloud.stateDigest()
  const file = join(stage.directory, 'typed.txt')
  writeFileSync(file, texts.join('\n') + '\n')
  const { code, stderr, stdout } = await stage.run([...withoutShares(stage.rotate()), '--share-file', file, '--json'])
  expect(stderr).toContain(says)
  expect(stderr).toContain(`QUORUM_NOT_REACHED: ${count} of 2 shares`)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'QUORUM_NOT_REACHED' }, grade: null, actionResult: 'not begun' })
  expect(code).toBe(5)
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(stage.cloud.requests.filter(({ keyId }) => keyId !== null).map(({ method, path, keyId }) => `${method} ${path} by ${keyId}`).join('\n')).toBe('')
  // No secret is in what was said or written.
  const secret = await Promise.all([1, 2].map((custodian) => stage.shareText(2, custodian)))
  for (const text of [stderr, stdout, JSON.stringify(stage.journal())]) for (const share of secret) expect(text).not.toContain(share.slice(24))
}
