/**
 * The key that a takeover is about to install is swapped in the folder, with a transcript that fits. No envelope seals a first key: nothing but
 * paper speaks for it, and paper is asked before anything is uploaded.
 */
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bagWords } from '../../src/custody/words.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { CLI } from '../stage/command-line.js'
import { onTerminal, type OnTerminal } from '../stage/on-terminal.js'
import { rehearsal, withoutShares, type Rehearsal } from '../stage/rehearsal.js'
import { ATTACKER, editManifest, forgeFolder } from './tamper.js'

let stage: Rehearsal
let onTheBags: string
let nameOf: (custodian: number) => string
beforeEach(async () => {
  stage = await rehearsal({ after: 'sealed' })
  const { spkiSha256 = '', shares = [] } = readCustodyFolder(stage.custody).generations[0]?.manifest ?? {}
  onTheBags = bagWords(spkiSha256)
  nameOf = (custodian) => shares.find((share) => share.custodian === custodian)?.name ?? ''
})
afterEach(() => stage.close())

/** A takeover in which people answer for themselves. */
const begin = (): OnTerminal => onTerminal(stage, [process.execPath, CLI, ...withoutShares(stage.takeover()).filter((word) => word !== '--yes')])

/** Keys of the user that OCI has. */
const keys = (): number => stage.cloud.tenancy.identity.apiKeys.filter(({ userId, timeDeleted }) => userId === stage.cloud.seed.users.administrator && timeDeleted === null).length

test('the words on the bag are not those of the folder: nothing is uploaded, nothing is written', async () => {
  editManifest(stage.custody, 1, (manifest) => Object.assign(manifest, ATTACKER))
  forgeFolder(stage.custody)
  const [digest, before] = [stage.cloud.stateDigest(), keys()]
  const terminal = begin()
  await terminal.until('GENERATION 1 is, or is about to become, an API key of the user. 2 custodians confirm it first')
  await terminal.until('Number of a custodian with a closed bag of GENERATION 1 (2 to go):')
  terminal.type('1\n')
  await terminal.until('type the 16 words on your bag of GENERATION 1 (or "refuse"):')
  terminal.type(`${onTheBags}\n`)
  await terminal.until('Those are not the words in the custody folder. Try again, or type "refuse": if the bag is right, the folder was altered.')
  terminal.type('refuse\n')
  expect(await terminal.ended).toBe(3)
  expect(terminal.shown()).toContain('CONSENT_REFUSED: a custodian could not confirm GENERATION 1, and nothing was uploaded\nNo share was read. Compare the bag with the ceremony record: if they agree, the custody folder was altered.')
  expect(stage.cloud.stateDigest()).toBe(digest)
  expect(keys()).toBe(before)
  expect(stage.cloud.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  expect(readdirSync(stage.custody)).not.toContain('sessions')
})

test('a quorum confirms it, each custodian once and for themselves; then it is installed, and the journal says by whom it was confirmed', async () => {
  const terminal = begin()
  for (const [custodian, left] of [[1, 2], [2, 1]] as const) {
    await terminal.until(`GENERATION 1 (${left} to go):`)
    terminal.type(custodian === 2 ? '1\n' : '9\n')
    await terminal.until(custodian === 2 ? 'has confirmed it already; another custodian, please.' : 'There is no such custodian. 1: ')
    terminal.type(`${custodian}\n`)
    await terminal.until(`${nameOf(custodian)}, type the 16 words`)
    terminal.type(`${onTheBags.toUpperCase()}\n`)
  }
  await terminal.until('Which custodian releases?')
  terminal.type('\u0003')
  expect(await terminal.ended).toBe(3)
  const journal = stage.journal()
  const confirmed = journal.flatMap((line) => (line.type === 'consented' ? [[line.custodian, line.name, line.to, line.how]] : []))
  expect(confirmed).toEqual([1, 2].map((custodian) => [custodian, nameOf(custodian), 'installation', 'code words typed']))
  expect(journal.findIndex(({ type }) => type === 'consented')).toBeLessThan(journal.findIndex(({ type }) => type === 'intent'))
  expect(journal.find(({ type }) => type === 'installed')).toMatchObject({ generation: 1 })
})

test('Ctrl-C while people look for their bags: nothing was changed, and the folder is nobody\'s any more', async () => {
  const digest = stage.cloud.stateDigest()
  const terminal = begin()
  await terminal.until('(2 to go):')
  terminal.type('\u0003')
  expect(await terminal.ended).toBe(3)
  expect(terminal.shown()).toContain('Ctrl-C: stopping, as soon as what is being done is done. No share was read.\n')
  expect(terminal.shown()).toContain('INTERRUPTED: stopped: Ctrl-C')
  expect(stage.cloud.stateDigest()).toBe(digest)
  expect(readdirSync(stage.custody).filter((name) => name === 'lock' || name === 'sessions')).toEqual([])
})
