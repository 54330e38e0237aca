/** What earlier sessions left is said before anybody opens a bag. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { lookAtEarlierSessions } from '../../src/breakglass/preflight.js'
import type { GenerationState } from '../../src/custody/generation.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { manifestOf, VECTORS } from '../vectors/frozen.js'

const folder = readCustodyFolder(fileURLToPath(new URL('custody', VECTORS)))
const manifest = manifestOf(2)

function found(states: Record<number, GenerationState>, seen: number[] = []): string[] {
  const standings = folder.standings.map((standing) => ({ ...standing, state: states[standing.generation] ?? 'burned', seen: standing.generation === manifest.generation ? seen : [] }))
  return lookAtEarlierSessions({ ...folder, standings }, manifest).map(({ what, level, said }) => `${level} ${what}: ${said}`)
}

test('a key that was used and is not proved dead, unless it is the one that this session is for', () => {
  expect(found({ 1: 'burned', 2: 'in use' })).toEqual([])
  expect(found({ 1: 'not proved dead', 2: 'in use' })).toEqual(['warn GENERATION 1: was used, and is not proved dead: it may be ALIVE, whatever this session comes to. glasskey status says what ends it'])
  expect(found({ 1: 'burned', 2: 'not proved dead' })).toEqual([])
})

test('shares that were seen: some of them, and a quorum', () => {
  expect(found({ 2: 'in use' }, [1])).toEqual([expect.stringMatching(/^warn GENERATION 2: seen in an earlier session: the share of custodian 1 \(/)])
  expect(found({ 2: 'in use' }, [1, 2])).toEqual([expect.stringMatching(/^warn GENERATION 2: EXPOSED: a quorum of its shares was seen in earlier sessions \(custodian 1 \(.+\), custodian 2 \(.+\)\)\. Rotate it, whatever else is done$/)])
})
