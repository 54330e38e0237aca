/** Signals at every moment of a session: what is said, how it ends, and what OCI lists afterwards. */
import { existsSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { places } from '../../src/host/sealed-folder.js'
import { play, type Playing } from '../stage/playing.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const SPEED = 4

const ORDERLY = 'stopping in order. If the key is live it is rotated first: seconds, or up to 15 minutes if OCI does not answer.'
const AT_STAKE = 'Still rotating. Killing glasskey now would leave a key alive that has been in this machine.'

/** Moments of a session: how it is held there, and what it says when it is there. */
const MOMENTS = {
  'the action': { path: '*configureSaasAdminUser', words: 'Asking OCI: enable SAAS_ADMIN' },
  'the exit': { path: '*/apiKeys', words: 'Asking OCI: exit: upload successor' },
} as const

/** A release that hangs in OCI at this moment. */
async function at(moment: keyof typeof MOMENTS, during: Rehearsal): Promise<Playing> {
  const { path, words } = MOMENTS[moment]
  during.cloud.armFault({ match: { path, method: 'POST' }, action: { do: 'delay', when: 'before', milliseconds: 1500 } })
  const playing = play(during, [...during.saasAdmin(), '--reader', 'AUDITOR', '--json'])
  await playing.until(words)
  return playing
}

/** A release whose custodians are looking for their sheets. */
async function awaitingShares(during: Rehearsal): Promise<Playing> {
  const args = [...withoutShares(during.saasAdmin(2, '--json')), '--share-file', '-']
  const playing = play(during, args)
  await playing.until('Shares of GENERATION 2 are about to be read.')
  return playing
}

function json({ stdout }: { stdout: string }): Record<string, unknown> {
  return JSON.parse(stdout) as Record<string, unknown>
}

const SIGNALS = [
  ['SIGINT', 'Ctrl-C'],
  ['SIGTERM', 'the session was told to end (SIGTERM)'],
] as const

test.each(SIGNALS)('%s while custodians look for their sheets: no key was live, and that is said', async (signal, cause) => {
  stage = await rehearsal()
  const playing = await awaitingShares(stage)
  playing.signal(signal)
  await playing.until(ORDERLY)
  const ended = await playing.ended
  expect(ended.stderr).toContain(`${cause}: ${ORDERLY}\n`)
  expect(json(ended)).toMatchObject({ error: { code: 'INTERRUPTED', message: `stopped before the key was opened: ${cause}` }, grade: null, actionResult: 'not begun', successor: null })
  expect(ended.code).toBe(3)
  expect(stage.listedKeys).toBe(1)
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).toContain('In use: GENERATION 2')
})

test('Ctrl-C while scans are read: stopped, and nobody is told to scan again', async () => {
  stage = await rehearsal()
  const playing = play(stage, [...withoutShares(stage.rotate()), ...stage.scans(2, 1, 2), '--json'])
  await playing.until('about to be read')
  playing.signal('SIGINT')
  const ended = await playing.ended
  expect(json(ended)).toMatchObject({ error: { code: 'INTERRUPTED', message: 'stopped before the key was opened: Ctrl-C' }, grade: null })
  expect(ended.code).toBe(3)
  expect(ended.stderr).not.toContain('SCAN_UNREADABLE')
})

test.each([
  ['the action', 'SIGQUIT', 'Ctrl-\\', 'INTERRUPTED', 'interrupted'],
  ['the exit', 'SIGINT', 'Ctrl-C', null, 'done'],
] as const)('during %s, %s ten times: it says what is at stake, and rotates', async (moment, signal, cause, code, actionResult) => {
  stage = await rehearsal({ speed: SPEED })
  const playing = await at(moment, stage)
  for (let time = 0; time < 10; time += 1) {
    playing.signal(signal)
    await new Promise((again) => setTimeout(again, 30))
  }
  const ended = await playing.ended
  expect(ended.stderr.split(`${cause}: ${ORDERLY}\n`)).toHaveLength(2)
  // Signals that arrive while one waits to be taken are one to the kernel, and the last of them may meet the proof already.
  expect(ended.stderr.split(AT_STAKE).length).toBeGreaterThan(2)
  expect(json(ended)).toMatchObject({ error: code === null ? null : { code }, grade: 'proved', actionResult, successor: { generation: 3 } })
  expect(ended.code).toBe(code === null ? 0 : 3)
  expect(stage.listedKeys).toBe(1)
})

const PROVING = 'this machine has no key any more. What runs now is the proof that the used one is dead, and it goes on.'

test('during the proof: a Ctrl-C in anger changes nothing, one in earnest stops it, and resume finishes', async () => {
  stage = await rehearsal({ speed: SPEED })
  const first = play(stage, [...stage.rotate(), '--reader', 'AUDITOR', '--json'])
  await first.until('Proving it dead in')
  for (let time = 0; time < 10; time += 1) first.signal('SIGINT')
  first.signal('SIGTERM')
  const proved = await first.ended
  expect(proved.stderr).toContain(`Ctrl-C: ${PROVING}`)
  expect([proved.code, json(proved)]).toMatchObject([0, { error: null, grade: 'proved' }])

  stage.cloud.armFault({ match: { path: '*/users/*', region: 'eu-amsterdam-1', method: 'GET' }, after: 1, count: 99, action: { do: 'answer', status: 503 } })
  const second = play(stage, stage.rotate(3))
  await second.until('Proving it dead in')
  second.signal('SIGINT')
  await new Promise((again) => setTimeout(again, 2100))
  second.signal('SIGINT')
  await second.until('Stopped: no probe is sent any more.')
  // Whoever pressed it twice presses it again, while the papers are drawn: how it ended, and what to do, is said after them.
  for (let time = 0; time < 10; time += 1) {
    process.kill(second.desk, 'SIGINT')
    await new Promise((again) => setTimeout(again, 10))
  }
  const stopped = await second.ended
  expect(stopped.stderr).toContain('Stopped: no probe is sent any more. What is known by now is entered, and what comes next is said.\n')
  expect([stopped.code, stopped.stdout]).toEqual([6, expect.stringMatching(/^Logbook entry \d+: /)])
  expect(stage.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 6 })
  expect(existsSync(places.lock(stage.custody)), 'the lock').toBe(false)
  const { stdout } = await stage.run(['status', '--custody', stage.custody])
  expect(stdout).toMatch(/^RED: session .* has not come to its end: the key of GENERATION 3 may be alive\n/)
  const next = `glasskey resume --custody ${stage.custody} --session ${stage.session} --scan FILE... (a quorum of GENERATION 3)`
  expect(stopped.stdout).toContain(`Now: ${next}\n`)
  expect(stdout).toContain(`\nNext: ${next}\n`)
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--reader', 'AUDITOR', '--json', ...stage.oci])
  expect([resumed.code, json(resumed)]).toMatchObject([0, { grade: 'listed-only' }])
  expect(stage.listedKeys).toBe(1)
})

test('while a takeover measures: it ends in order before any share, and the next one removes what it left', async () => {
  stage = await rehearsal({ after: 'sealed', speed: SPEED, activationDelay: { 'eu-frankfurt-1': 40, 'eu-amsterdam-1': 40 }, beliefs: { activeBeforeAccepted: true } })
  const playing = play(stage, [...stage.takeover(), '--json'])
  await playing.until('Waiting until every region takes the new key')
  playing.signal('SIGINT')
  const ended = await playing.ended
  expect(ended.stderr).toContain('Ctrl-C: stopping, as soon as what is being done is done. No share was read.\n')
  expect(json(ended)).toMatchObject({ error: { code: 'INTERRUPTED', message: 'stopped before any share was read: Ctrl-C', hint: 'glasskey takeover goes on where this stopped, and removes throw-away keys that are left.' }, grade: null })
  expect(ended.code).toBe(3)
  expect(stage.journal().map(({ type }) => type)).toEqual(['session-opened', 'intent', 'outcome', 'closed'])
  const left = stage.listedKeys
  const again = await stage.run([...stage.takeover(), '--json'])
  expect([again.code, json(again)], again.stderr).toMatchObject([0, { error: null, grade: 'proved' }])
  expect(again.stderr).toContain('measure: remove a throw-away key of an earlier attempt')
  expect([left, stage.listedKeys]).toEqual([3, 1])
})

test('while the remover deletes, in a resumed session: told so, and it goes on to its end', async () => {
  stage = await rehearsal({ speed: SPEED, beliefs: { selfDeletion: '403 NotAllowed' } })
  expect((await stage.run(stage.rotate())).code).toBe(6)
  stage.cloud.armFault({ match: { path: '*/apiKeys/*', method: 'DELETE' }, action: { do: 'delay', when: 'before', milliseconds: 1500 } })
  const playing = play(stage, ['resume', '--custody', stage.custody, '--remover', 'REMOVER', '--reader', 'AUDITOR', '--json', ...stage.oci])
  await playing.until('Asking OCI: remover: delete used key')
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT'] as const) playing.signal(signal)
  const ended = await playing.ended
  expect(ended.stderr).toContain('Ctrl-C: this machine has no key any more. The used one is being deleted by the remover\'s login; that goes on to its end.\n')
  expect(ended.stderr).toContain('The remover REMOVER deleted the used key.\n')
  expect([ended.code, json(ended)], ended.stderr).toMatchObject([0, { error: null }])
  expect(stage.listedKeys).toBe(1)
})
