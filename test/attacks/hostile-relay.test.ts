/**
 * The desk between strongroom and OCI turns hostile: it carries bytes to other hosts, replays answers, gives orders of its
 * own. TLS ends in the strongroom and the host is under the signature, so it can only keep the session from succeeding.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { JournalLine } from '../../src/record/journal.js'
import { issueServerCertificate, makeTestAuthority } from '../../src/simulator/test-authority.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { fakeDesk, honestly, openRotation, type Carrying, type FakeDesk } from '../stage/fake-desk.js'
import { copyOf, sessionsIn } from './tamper.js'

let stage: Rehearsal
let shares: string
let before: string
beforeAll(async () => {
  stage = await rehearsal({ tls: true })
  shares = join(stage.directory, 'typed.txt')
  writeFileSync(shares, [await stage.shareText(2, 1), await stage.shareText(2, 2)].join('\n'))
  before = stage.cloud.stateDigest()
})
afterAll(() => stage.close())

let desk: FakeDesk | undefined
afterEach(async () => {
  await desk?.ended
  desk = undefined
})

/** A rotation under a hostile desk, on a copy of the folder. */
async function underAttack(carry: Carrying): Promise<FakeDesk> {
  const folder = copyOf(stage)
  const { session } = await openRotation(folder, stage.cloud.endpoints, stage.cloud.seed.users.operator)
  desk = await fakeDesk({ folder, session, shareFiles: [shares], ca: stage.cloud.caPem }, carry)
  return desk
}

const exitTried = (lines: JournalLine[]): boolean => lines.some(({ type }) => type === 'exit-began')
const afterExit = (lines: JournalLine[], type: JournalLine['type'], count: number): boolean => exitTried(lines) && lines.filter((line) => line.type === type).length >= count

/** Nothing was believed: no successor, no deletion, and the cloud is as it was. */
function expectNothingDone(of: FakeDesk): void {
  expect(of.journal().filter(({ type }) => ['successor-active', 'key-deleted', 'census'].includes(type))).toEqual([])
  expect(stage.cloud.stateDigest()).toBe(before)
}

test('to a host of the attacker\'s, with a certificate of another authority: not a byte of a request arrives', async () => {
  const authority = makeTestAuthority(Date.now(), randomBytes)
  const { certificatePem, privateKeyPem } = issueServerCertificate(authority, Date.now(), randomBytes)
  let heard = 0
  const evil: Server = createServer({ cert: certificatePem, key: privateKeyPem }, () => (heard += 1))
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
  const attack = await underAttack(() => connect((evil.address() as AddressInfo).port, '127.0.0.1'))
  await attack.until((lines) => afterExit(lines, 'unknown', 2))
  attack.leave()
  await attack.ended
  evil.close()
  expect(heard).toBe(0)
  expect(attack.journal().find((line) => line.type === 'unknown')).toMatchObject({ reason: expect.stringMatching(/certificate|signature/) as string })
  expectNothingDone(attack)
})

test('to another host of the same authority: the signature is over the host that was meant, and nobody else takes it', async () => {
  const away = new URL(stage.cloud.endpoints['eu-amsterdam-1'] ?? '').port
  const attack = await underAttack((host) => honestly(host, Number(away), 0))
  // A key of these minutes is waited for in the action; the exit tries it for itself.
  await attack.until((lines) => lines.some(({ type }) => type === 'outcome'))
  attack.send({ kind: 'leave', cause: 'Ctrl-C' })
  await attack.until((lines) => afterExit(lines, 'outcome', 3))
  attack.leave()
  await attack.ended
  const statuses = attack.journal().flatMap((line) => (line.type === 'outcome' ? [line.status] : []))
  expect(new Set(statuses)).toEqual(new Set([401]))
  expectNothingDone(attack)
})

test('an earlier answer replayed, byte for byte: it is no answer to this handshake', async () => {
  const recorded: Buffer[] = []
  const attack = await underAttack((host, port, nth) => {
    if (nth > 1) return replaying(recorded)
    const stream = honestly(host, port, nth)
    stream.on('data', (bytes: Buffer) => recorded.push(bytes))
    return stream
  })
  await attack.until((lines) => afterExit(lines, 'unknown', 2))
  attack.leave()
  await attack.ended
  expect(recorded.length).toBeGreaterThan(0)
  // The first reading was honest and answered; none of the replayed ones counts as an answer.
  expect(attack.journal().filter((line) => line.type === 'outcome')).toHaveLength(1)
  expectNothingDone(attack)
})

function replaying(recorded: readonly Buffer[]): Duplex {
  const carried = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done: () => void) => {
      for (const bytes of recorded) carried.push(bytes)
      done()
    },
  })
  setImmediate(() => carried.emit('connect'))
  return carried
}

test.each<[order: string, change: (folder: string) => { session: string; says: string }]>([
  ['a session that was used before', (folder) => ({ session: sessionsIn(folder)[0]?.split('/').at(-1) ?? '', says: 'was used before: one warrant, one session' })],
  ['a session that there is not', () => ({ session: '20991231T000000Z-00000000', says: 'there is no session 20991231T000000Z-00000000' })],
  ['a path instead of a session', (folder) => ({ session: `../sessions/${sessionsIn(folder)[0]?.split('/').at(-1) ?? ''}`, says: 'there is no session ../sessions/' })],
])('it orders %s: no share is read', async (_, change) => {
  const folder = copyOf(stage)
  const { session, says } = change(folder)
  desk = await fakeDesk({ folder, session, shareFiles: [shares], ca: stage.cloud.caPem })
  const finished = await desk.ended
  expect(finished?.failure).toMatchObject({ code: 'WARRANT_INVALID', message: expect.stringContaining(says) as string })
  expect(desk.stderr()).not.toContain('is right')
  expect(desk.said.filter(({ kind }) => kind === 'connect')).toEqual([])
})
