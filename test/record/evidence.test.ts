import { createHash, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { checkLastSignature, evidenceFile, evidenceOf, evidenceSchema } from '../../src/record/evidence.js'
import { headStatement, type JournalLine } from '../../src/record/journal.js'
import { replay, type Session } from '../../src/record/replay.js'
import { journalOf, manifestOf, privateKeyOf, SESSIONS, vectorText } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const manifest = manifestOf(2)
const session = (): Session => replay(journalOf(SESSIONS[1]).lines)
const invalid = (what: string): object => ({ code: 'EVIDENCE_INVALID', message: `session ${SESSIONS[1]}: ${what}`, hint: 'The journal is not the one that the key signed.' })

/** The golden session with another last signature. */
function signed(change: Partial<NonNullable<Session['headSignature']>>): Session {
  const state = session()
  if (!state.headSignature) throw new RangeError('the golden session has a last signature')
  return { ...state, headSignature: { ...state.headSignature, ...change } }
}

test('follows from the journal, byte for byte', () => {
  for (const id of SESSIONS) {
    const chain = journalOf(id)
    const state = replay(chain.lines)
    const evidence = evidenceOf(chain, state, manifestOf(state.opened.generation))
    expect(evidenceFile(evidence)).toBe(vectorText(`custody/sessions/${id}/evidence.json`))
    expect(evidenceSchema.parse(evidence)).toEqual(evidence)
  }
})

describe('the last signature', () => {
  test('verifies', () => {
    const state = session()
    expect(checkLastSignature(state, manifest)).toBe(state)
  })

  test('over another line than the one before it', () => {
    expect(refusal(() => checkLastSignature(signed({ of: '0'.repeat(64) }), manifest))).toMatchObject(invalid('the last signature is not over the line before it'))
  })

  test('by another key', async () => {
    const { prev = '' } = session().headSignature ?? {}
    const forged = sign('RSA-SHA256', headStatement(prev), await privateKeyOf(1)).toString('base64')
    expect(refusal(() => checkLastSignature(signed({ signature: forged }), manifest))).toMatchObject(invalid('the last signature does not verify'))
  })

  test('over something else with the right key: another head, another domain, the bare digest', async () => {
    const key = await privateKeyOf(2)
    const { prev = '' } = session().headSignature ?? {}
    for (const statement of [headStatement('0'.repeat(64)), Buffer.from(`glasskey/share/1\0${prev}`), Buffer.from(prev), Buffer.from(prev, 'hex')]) {
      expect(refusal(() => checkLastSignature(signed({ signature: sign('RSA-SHA256', statement, key).toString('base64') }), manifest))).toMatchObject(invalid('the last signature does not verify'))
    }
  })

  test.each(['', 'AAAA', 'not base64 !', createHash('sha256').digest('base64')])('garbage: %j', (signature) => {
    expect(refusal(() => checkLastSignature(signed({ signature }), manifest))).toMatchObject(invalid('the last signature does not verify'))
  })

  const without = (lines: JournalLine[]): JournalLine[] => lines.filter(({ type }) => type !== 'head-signed')
  /** The golden journal, and then the same release once more, as far as `change` leaves it. */
  const twice = (first: JournalLine[], second: JournalLine[]): Session => replay([...first, ...second.slice(1)])
  const { lines } = journalOf(SESSIONS[1])
  const until = (type: JournalLine['type']): JournalLine[] => lines.slice(0, lines.findIndex((line) => line.type === type))

  test('missing from a release that came to its burn by the exit', () => {
    for (const state of [replay(without(lines)), twice(lines, without(lines))]) {
      expect(refusal(() => checkLastSignature(state, manifest))).toMatchObject(invalid('the used key signed no journal head'))
    }
  })

  test('not asked for where no key was live, or its process did not live to burn it', () => {
    for (const state of [replay(until('key-live')), replay(without(until('burned')))]) expect(checkLastSignature(state, manifest)).toBe(state)
  })

  test('not asked for where the folder contradicted the paper: burned before the exit, whatever became of the key later', () => {
    const later: JournalLine['type'][] = ['key-live', 'burned', 'key-deleted', 'graded', 'closed']
    const burned = replay([...until('key-live'), ...lines.filter(({ type }) => later.includes(type))])
    expect(burned.lastLife).toMatchObject({ used: false, signed: false, burned: true })
    expect(checkLastSignature(burned, manifest)).toBe(burned)
  })

  test('asked for of a key that signed requests, whoever took the line of its exit away with the signature', () => {
    const cut = lines.filter(({ type }) => type !== 'exit-began' && type !== 'head-signed')
    expect(refusal(() => checkLastSignature(replay(cut), manifest))).toMatchObject(invalid('the used key signed no journal head'))
  })

  test('of an earlier release is not that of a later one, and is verified all the same', () => {
    const died = twice(lines, without(until('burned')))
    expect(died.lastLife).toMatchObject({ used: true, signed: false, burned: false })
    expect(died.keyLiveAt).toBe(session().keyLiveAt)
    expect(checkLastSignature(died, manifest)).toBe(died)
    const altered = lines.map((line) => (line.type === 'head-signed' ? { ...line, signature: 'AAAA' } : line))
    expect(refusal(() => checkLastSignature(twice(altered, without(until('burned'))), manifest))).toMatchObject(invalid('the last signature does not verify'))
  })
})
