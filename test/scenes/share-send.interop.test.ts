/** A custodian elsewhere, at a real terminal: a slip is asked again, and whoever refuses has sent nothing. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { OWN_MACHINE_SENTENCE } from '../../src/breakglass/send-share.js'
import { makeSessionKey, readSessionKey, remoteWords, TRUST_SENTENCE } from '../../src/warrant/remote.js'
import { parseWarrant, warrantFile } from '../../src/warrant/warrant.js'
import { CLI } from '../stage/command-line.js'
import { onTerminal, type OnTerminal } from '../stage/on-terminal.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
let terminal: OnTerminal
afterEach(async () => {
  terminal.close()
  await stage.close()
})

/** A warrant that still runs, a key for its session, and what is read aloud of both. */
async function summoned(): Promise<string[]> {
  const { session } = stage
  const warrant = { ...parseWarrant(readFileSync(join(stage.custody, 'sessions', session, 'warrant.json'), 'utf8')), deadline: new Date(Date.now() + 3_600_000).toISOString() }
  const { armored } = await makeSessionKey(session, 'ab'.repeat(16), false, new Date())
  writeFileSync(join(stage.directory, 'warrant.json'), warrantFile(warrant))
  writeFileSync(join(stage.directory, 'remote.asc'), armored)
  return ['--warrant', 'warrant.json', '--to', 'remote.asc', '--words', remoteWords(warrant, await readSessionKey(armored, 'remote.asc'))]
}

/** Types `share send` and answers its first sentence, wrong and then right. */
async function upToTheSecondSentence(): Promise<void> {
  stage = await rehearsal()
  terminal = onTerminal(stage, [process.execPath, CLI, 'share', 'send', ...await summoned(), '--scan', stage.sheet(1, 2), '--out', 'message.asc'])
  await terminal.until(`Type (or "refuse"): ${TRUST_SENTENCE}`)
  terminal.type('yes\n')
  await terminal.until('That is not the sentence. Nothing happened; try again, or type "refuse".')
  terminal.type(`${TRUST_SENTENCE}\n`)
  await terminal.until(`Type (or "refuse"): ${OWN_MACHINE_SENTENCE}`)
}

test('a sentence that was mistyped is asked again, and the share is sent', async () => {
  await upToTheSecondSentence()
  terminal.type(`${OWN_MACHINE_SENTENCE}\n`)
  expect(await terminal.ended).toBe(0)
  expect(readFileSync(join(stage.directory, 'message.asc'), 'utf8')).toMatch(/^-----BEGIN PGP MESSAGE-----/)
})

test('whoever refuses sends nothing', async () => {
  await upToTheSecondSentence()
  terminal.type('refuse\n')
  expect(await terminal.ended).toBe(3)
  expect(terminal.shown()).toContain(`CONSENT_REFUSED: not agreed: ${OWN_MACHINE_SENTENCE}\nNothing was sent, and no sheet was read.`)
  expect(existsSync(join(stage.directory, 'message.asc'))).toBe(false)
})

test('a sheet of another bag is told by its first groups, and not typed whole', async () => {
  stage = await rehearsal()
  terminal = onTerminal(stage, [process.execPath, CLI, 'share', 'send', ...await summoned(), '--yes', '--out', 'message.asc'])
  const [mine, other] = [await stage.shareText(1, 2), await stage.shareText(3, 2)]
  await terminal.until('Group 1 of 21.')
  terminal.type(other.slice(0, 4 * 7))
  await terminal.until('Enter puts this sheet away.')
  terminal.type('\r')
  await terminal.until('Nothing was sent; note in the logbook that this bag was opened.')
  terminal.type(`${mine}\r`)
  expect(await terminal.ended, terminal.shown()).toBe(0)
  expect(readFileSync(join(stage.directory, 'message.asc'), 'utf8')).toMatch(/^-----BEGIN PGP MESSAGE-----/)
  expect(terminal.shown()).not.toContain(other.slice(4 * 7))
})
