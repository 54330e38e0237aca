/** A mixed quorum at a real terminal: one custodian types the code words there, the other's message is pasted. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readSessionKey, remoteWords } from '../../src/warrant/remote.js'
import { parseWarrant } from '../../src/warrant/warrant.js'
import { CLI } from '../stage/command-line.js'
import { send } from '../stage/from-elsewhere.js'
import { onTerminal, type OnTerminal } from '../stage/on-terminal.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal
let terminal: OnTerminal | undefined
afterEach(async () => {
  terminal?.close()
  terminal = undefined
  await stage.close()
})

/** A rotation with people: custodian 1's sheet lies on the table, custodian 2 is elsewhere. */
function begin(): OnTerminal {
  const words = withoutShares(stage.rotate()).filter((word) => word !== '--yes')
  return (terminal = onTerminal(stage, [process.execPath, CLI, ...words, ...stage.scans(2, 1), '--remote']))
}

test('words by a witness, consent here, a message from elsewhere, and the glass breaks', async () => {
  stage = await rehearsal()
  const here = begin()
  await here.until('never the operator. Name:')
  here.type('Wilma Witness\n')
  await here.until('Does a custodian at this machine release? (yes/no)')
  // Without colours: the strongroom knows no NO_COLOR.
  const shown = (): string => here.shown().replace(/\u001b\[[0-9;]*m/g, '')
  const session = join(stage.custody, 'sessions', readdirSync(join(stage.custody, 'sessions')).filter((name) => !name.startsWith('.')).sort().at(-1) ?? '')
  const key = readdirSync(session).find((name) => name.startsWith('remote-')) ?? ''
  const heard = [...shown().matchAll(/^ {4,5}(?:1|5|9|13) {2}(.+)$/gm)].map(([, four = '']) => four).join(' ')
  expect(heard.split(' ')).toHaveLength(16)

  here.type('yes\n')
  await here.until('Number:')
  here.type('1\n')
  await here.until('type the four code words of the warrant:')
  // Read from a page, they come one a line; a wrong one begins them again.
  const words = (/Code words\s+(.+)/.exec(shown())?.[1] ?? '').split(' ')
  for (const word of [words[0], words[1], 'wrong', ...words]) here.type(`${word ?? ''}\n`)
  await here.until('Does another custodian release?')
  here.type('no\n')
  await here.until('from BEGIN to END; or type done')
  const { code, stdout, stderr } = await stage.run(['share', 'send', '--warrant', join(session, 'warrant.json'), '--to', join(session, key), '--words', heard, '--scan', stage.sheet(2, 2), '--yes'])
  expect(code, stderr).toBe(0)
  // A paste brings what stands before and after it, and the marks of a quotation; one that was cut is no part of the next.
  here.type('\n\nas promised:\n')
  await here.until('That is no beginning of a message, and was not taken: its first line is "-----BEGIN PGP MESSAGE-----".')
  here.type(`${stdout.slice(0, 300)}\n${stdout.replace(/^/gm, '> ')}\n\n`)
  await here.until('The message of custodian 2 (Βασίλης Παπαδόπουλος) is accepted: 2 of 2 have released.')
  expect(await here.ended, here.shown()).toBe(0)
  expect(stage.journal().flatMap((line) => (line.type === 'consented' ? [[line.custodian, line.how]] : []))).toEqual([[1, 'code words typed'], [2, 'remote message']])
  const audited = await stage.run(['audit', '--custody', stage.custody, '--json', ...stage.oci])
  expect(JSON.parse(audited.stdout)).not.toMatchObject({ error: { message: expect.stringContaining('consent') as string } })
})

test('of two files that are waited for one comes, while somebody could paste; then a message is pasted, and the other file is not waited for', async () => {
  stage = await rehearsal()
  const words = withoutShares(stage.rotate()).filter((word) => word !== '--yes')
  const here = (terminal = onTerminal(stage, [process.execPath, CLI, ...words, '--remote', '--words-read-by', 'Wilma Witness', '--message', 'one', '--message', 'two']))
  await here.until('Does a custodian at this machine release? (yes/no)')
  const session = join(stage.custody, 'sessions', readdirSync(join(stage.custody, 'sessions')).filter((name) => !name.startsWith('.')).sort().at(-1) ?? '')
  const key = readdirSync(session).find((name) => name.startsWith('remote-')) ?? ''
  const keyPath = join(session, key)
  const read = await readSessionKey(readFileSync(keyPath, 'utf8'), key)
  const heard = remoteWords(parseWarrant(readFileSync(join(session, 'warrant.json'), 'utf8')), read)
  const message = async (custodian: number): Promise<string> => {
    const { code, stdout, stderr } = await send(stage, { warrantPath: join(session, 'warrant.json'), keyPath, words: heard }, custodian)
    expect(code, stderr).toBe(0)
    return stdout
  }
  here.type('no\n')
  await here.until('from BEGIN to END; or type done')
  writeFileSync(join(stage.directory, 'two'), await message(2))
  await here.until('The message of custodian 2 (Βασίλης Παπαδόπουλος) is accepted: 1 of 2 have released.')
  here.type(`${await message(1)}\n`)
  await here.until('The message of custodian 1 (Ada Lovelace) is accepted: 2 of 2 have released.')
  expect(await here.ended, here.shown()).toBe(0)
  expect(here.shown()).toContain(`Waiting for the message ${join(stage.directory, 'one')}; or paste it …`)
})

test('the operator must not read the words: somebody else is asked for, and by a flag it is refused', async () => {
  stage = await rehearsal()
  const here = begin()
  await here.until('never the operator. Name:')
  here.type('\nlin chen\n')
  await here.until('Not lin chen: the operator must not read the words: whoever reads them vouches for this machine.')
  here.type('Wilma Witness\n')
  await here.until('Does a custodian at this machine release? (yes/no)')
  here.type('no\n')
  await here.until('from BEGIN to END; or type done')
  here.type('done\n')
  expect(await here.ended).toBe(5)
  expect(here.shown()).toContain('QUORUM_NOT_REACHED: 0 of 2 custodians have released; 2 more needed.')
  const { length: sessions } = readdirSync(join(stage.custody, 'sessions'))
  const { code, stderr } = await stage.run([...withoutShares(stage.rotate()), '--remote', '--message', 'none', '--words-read-by', 'Lin Chen'])
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^CONSENT_REFUSED: the operator must not read the words: whoever reads them vouches for this machine$/m)])
  expect(readdirSync(join(stage.custody, 'sessions')), 'refused before anything was written').toHaveLength(sessions)
})
