/** OCI, or somebody in its place, answers with escapes for the terminal: not one reaches the terminal, the journal or the paper. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asRemark, visibleOnly } from '../../src/custody/fields.js'
import { rehearsal } from '../stage/rehearsal.js'
import { sessionsIn } from './tamper.js'

const EVIL = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202eeert eb ot yek eht\u202c\u200b\r\nKey is dead: proved.'
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/

test('in the words of an error, in headers, and in what is listed', async () => {
  const stage = await rehearsal()
  try {
    // Node itself refuses controls in headers, but lets an address of any text through.
    stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'answer', status: 400, body: { code: EVIL, message: EVIL }, headers: { 'opc-request-id': 'A/B/C' } } })
    stage.cloud.armFault({ match: { method: 'POST', path: '*/apiKeys' }, action: { do: 'answer', status: 409, body: { code: EVIL, message: EVIL } } })
    stage.cloud.armFault({ match: { method: 'DELETE', path: '*/apiKeys/*' }, action: { do: 'answer', status: 503, body: { code: EVIL, message: EVIL } } })
    const ended = await stage.run([...stage.saasAdmin(), '--json'])
    const told = JSON.parse(ended.stdout) as { error: { code: string; message: string }; grade: string }
    expect(told).toMatchObject({ error: { code: 'OCI_REFUSED' }, grade: 'refused-only' })
    expect(ended.code).toBe(3)
    expect(told.error.message).toContain('Key is dead: proved.')
    expect(told.error.message).not.toMatch(OBEYED)
    expect(ended.stderr).not.toMatch(OBEYED)
    // On one line, behind the name of what it is: it cannot pass for a line of ours.
    expect(ended.stderr.split('\n').filter((text) => text.startsWith('Key is dead'))).toEqual([])
    const journal = readFileSync(join(sessionsIn(stage.custody).at(-1) ?? '', 'journal.jsonl'), 'utf8')
    expect(journal.replaceAll('\n', '')).not.toMatch(OBEYED)
    expect(journal).not.toMatch(/\\u00[01]|\\[rnt]/)
    expect(stage.listedKeys).toBe(1)
  } finally {
    await stage.close()
  }
})

test('what a record takes of other people\'s words', () => {
  expect(visibleOnly(EVIL)).not.toMatch(OBEYED)
  expect(asRemark(EVIL)).toBe('[2J ]0;owned 31m eert eb ot yek eht Key is dead: proved.')
})
