/**
 * An operator with photographs of k sheets and nobody beside them. A photograph is a share, so the shares are good; what is
 * missing are people who consent at a terminal, and no flag, order or edited folder stands in for them on a real set.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseShareText, shareToText } from '../../src/custody/share-text.js'
import { fakeDesk, openRotation } from '../stage/fake-desk.js'
import { glasskey } from '../stage/command-line.js'
import { rehearsal } from '../stage/rehearsal.js'
import { realSet, type RealSet } from './real-set.js'
import { editManifest, expectRefused, forgeFolder } from './tamper.js'

let real: RealSet
let photographs: string
const OPERATOR = 'ocid1.user.oc1..aaaaaaaaoperator'
beforeAll(async () => {
  real = await realSet()
  photographs = join(real.directory, 'photographs.txt')
  writeFileSync(photographs, real.shareTexts(2).slice(0, 2).join('\n'))
})
afterAll(() => real.end())

const words = (custody: string): string[] => ['break', 'rotate', '--custody', custody, '--operator', 'Mallory', '--operator-user', OPERATOR, '--incident', 'INC-1', '--authorised-by', 'Mallory', '--reason', 'alone', '--use-case', 'drill', '--share-file', photographs]
const sessions = (): number => readdirSync(join(real.custody, 'sessions')).length

test('--yes on a real set: refused before a share is read or a host is asked', async () => {
  const before = sessions()
  expectRefused(await glasskey([...words(real.custody), '--yes']), 'REHEARSAL_MISMATCH', 3)
  expect(sessions()).toBe(before)
})

test('without a terminal there is nobody to consent', async () => {
  const before = sessions()
  const ended = await glasskey(words(real.custody))
  expectRefused(ended, 'NO_TERMINAL', 2)
  expect(ended.stderr).toContain('custodians consent at a terminal, and there is none')
  expect(sessions()).toBe(before)
})

test('a simulator of one\'s own does not make a rehearsal of it', async () => {
  expectRefused(await glasskey([...words(real.custody), '--yes', '--endpoint', 'eu-frankfurt-1=http://127.0.0.1:9']), 'REHEARSAL_MISMATCH', 3)
})

test('a desk of one\'s own that orders consent by flag: the strongroom refuses, and reads no share', async () => {
  const { session } = await openRotation(real.custody, {}, OPERATOR)
  const desk = await fakeDesk({ folder: real.custody, session, shareFiles: [photographs], yes: true })
  expect((await desk.ended)?.failure).toMatchObject({ code: 'REHEARSAL_MISMATCH', message: '--yes is for rehearsals only' })
  expect(desk.journal().map(({ type }) => type)).toEqual(['session-opened'])
  expect(desk.said.filter(({ kind }) => kind === 'connect')).toEqual([])
})

test('a desk of one\'s own and no flag: there is nobody at the terminal', async () => {
  const other = await realSet()
  try {
    const { session } = await openRotation(other.custody, {}, OPERATOR)
    const desk = await fakeDesk({ folder: other.custody, session, shareFiles: [photographs], yes: false })
    expect((await desk.ended)?.failure).toMatchObject({ code: 'NO_TERMINAL' })
    expect(desk.journal().map(({ type }) => type)).toEqual(['session-opened'])
  } finally {
    other.end()
  }
})

test('the folder relabelled as a rehearsal, and the photographs too: the key is opened, and signs nothing', async () => {
  const stage = await rehearsal()
  const copy = await realSet()
  try {
    for (const generation of [1, 2, 3, 4]) editManifest(copy.custody, generation, (manifest) => (manifest.rehearsal = true))
    // And all that tells of them, or it would be noticed before.
    forgeFolder(copy.custody)
    const relabelled = join(copy.directory, 'relabelled.txt')
    writeFileSync(relabelled, copy.shareTexts(2).slice(0, 2).map((text) => shareToText({ ...parseShareText(text), rehearsal: true })).join('\n'))
    const before = stage.cloud.stateDigest()
    const [endpoint = ''] = Object.values(stage.cloud.endpoints)
    const ended = await glasskey([...words(copy.custody).map((word) => (word === photographs ? relabelled : word)), '--yes', '--endpoint', `eu-frankfurt-1=${endpoint}`])
    // The key was in this machine's memory, and is alive: that is what 6 says.
    expectRefused(ended, 'FOLDER_ALTERED', 6)
    expect(ended.stderr).toContain('the sheets are sealed with another rehearsal, manifest-sha256')
    expect(ended.stderr).toContain('KEY LIVE')
    expect(stage.cloud.stateDigest()).toBe(before)
    expect(stage.cloud.requests.filter(({ keyId }) => keyId !== null)).toEqual([])
  } finally {
    copy.end()
    await stage.close()
  }
})
