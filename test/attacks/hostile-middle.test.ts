/**
 * A hostile middle between custodian and machine: whoever carries files and messages swaps, alters, replays. Two processes, `break … --remote` and
 * `share send`, and the attacker between them, on the simulator.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { armor, enums } from 'openpgp'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { canonicalJson } from '../../src/canonical.js'
import { openText } from '../../src/custody/sealing.js'
import { shareToText } from '../../src/custody/share-text.js'
import { parseWarrant, warrantDigest, warrantFile, type Warrant } from '../../src/warrant/warrant.js'
import { checkMessage, makeSessionKey, openMessage, parseMessage, readSessionKey, remoteWords, TRUST_SENTENCE, writeMessage, type RemoteMessage } from '../../src/warrant/remote.js'
import type { Ended } from '../stage/command-line.js'
import { send, waiting, type Waiting } from '../stage/from-elsewhere.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { refusal, refusalOf } from '../vectors/refusal.js'
import { expectRefused } from './tamper.js'

let stage: Rehearsal

/** A rotation that waits for these messages. */
const rotating = (messages: readonly string[], ...more: string[]): Promise<Waiting> => waiting(stage, [...withoutShares(stage.rotate()), ...more], messages)

const deliver = (path: string, message: string): void => {
  writeFileSync(join(stage.directory, path), message)
}

/** What an honest sender would have put into a message, for changing it. */
async function honest({ warrant, key }: Pick<Waiting, 'warrant' | 'key'>, custodian: number, generation = 2): Promise<RemoteMessage> {
  return { format: 1, session: warrant.session, warrantSha256: warrantDigest(warrant), keyFingerprint: key.fingerprint, nonce: key.nonce, custodian, share: await stage.shareText(generation, custodian), trusts: TRUST_SENTENCE, deferred: null, bagWords: null, sent: new Date().toISOString() }
}

describe('between two processes', () => {
  beforeAll(async () => {
    stage = await rehearsal()
  })
  afterAll(() => stage.close())

  test('everything but one whole message of each custodian, for this session, is refused by name; and then the glass breaks', async () => {
    const hostile = ['chat', 'altered', 'cut', 'other-key', 'other-warrant', 'other-nonce', 'other-generation', 'wrong-number', 'no-consent', 'forged', 'newer']
    const session = await rotating([...hostile, 'one', 'replayed', 'again', 'two'])
    const other = await makeSessionKey(session.warrant.session, session.key.nonce, false, new Date())
    const otherKey = await readSessionKey(other.armored, 'other')
    const write = async (path: string, change: Partial<RemoteMessage>, to = session.key): Promise<void> => {
      deliver(path, await writeMessage({ ...(await honest(session, 2)), ...change }, to))
    }

    const first = await send(stage, session, 1)
    expect(first.stderr).toContain('REHEARSAL WARRANT')
    expect(first.code).toBe(0)
    const lines = first.stdout.split('\n')
    const middle = Math.floor(lines.length / 2)
    const swapped = (lines[middle] ?? '').replace(/[A-Za-z]/g, (letter) => (letter === 'A' ? 'B' : 'A'))
    deliver('chat', 'dear all\n-----END PGP MESSAGE-----\n')
    deliver('altered', first.stdout.replace(lines[middle] ?? '', swapped))
    deliver('cut', lines.filter((_, at) => at !== middle).join('\n'))
    await write('other-key', {}, otherKey)
    await write('other-warrant', { warrantSha256: '0'.repeat(64) })
    await write('other-nonce', { nonce: '0'.repeat(32) })
    await write('other-generation', { share: await stage.shareText(3, 2) })
    await write('wrong-number', { custodian: 3 })
    await write('no-consent', { trusts: 'whatever' })
    await write('newer', { more: 1 } as Partial<RemoteMessage>)
    await write('forged', { share: shareToText({ rehearsal: true, keyId: session.warrant.key.keyId, threshold: 2, shares: 3, custodian: 2, bytes: new Uint8Array(33).fill(7) }) })
    deliver('one', first.stdout)
    deliver('replayed', first.stdout)
    deliver('again', (await send(stage, session, 1)).stdout)
    deliver('two', (await send(stage, session, 2)).stdout)

    const { code, stderr } = await session.ended
    const told = (path: string): string => stderr.split('\n').find((line) => line.startsWith(`${join(stage.directory, path)}: `))?.slice(join(stage.directory, path).length + 2) ?? 'nothing'
    expect(Object.fromEntries([...hostile, 'replayed', 'again'].map((path) => [path, told(path).replace(/(?<=key |one of this session \()[0-9a-f]{16}/g, 'KEY')]))).toEqual({
      chat: 'REMOTE_REFUSED: this is no whole OpenPGP message: it was altered or cut on its way. Ask for it again; paste it from BEGIN to END.',
      altered: expect.stringMatching(/^REMOTE_REFUSED: (this is no whole OpenPGP message: it was altered or cut on its way|the message was altered on its way)\./) as string,
      cut: expect.stringMatching(/^REMOTE_REFUSED: (this is no whole OpenPGP message: it was altered or cut on its way|the message was altered on its way)\./) as string,
      'other-key': 'REMOTE_REFUSED: the message is for key KEY, not for the one of this session (KEY): it was made for another session, or the key was swapped. If the words were compared, it is an old message; else raise the alarm.',
      'other-warrant': 'REMOTE_REFUSED: the message of custodian 2 is for another warrant than this one. That custodian read something else than you did: raise the alarm.',
      'other-nonce': 'REMOTE_REFUSED: the message of custodian 2 is for another nonce than this one. That custodian read something else than you did: raise the alarm.',
      'other-generation': expect.stringContaining('SHARE_OTHER_GENERATION: the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is of GENERATION 3:') as string,
      'wrong-number': 'REMOTE_REFUSED: the message says custodian 3 (Софья Ковалевская), and its share is that of custodian 2 (Βασίλης Παπαδόπουλος). Raise the alarm.',
      'no-consent': 'CONSENT_REFUSED: the message of custodian 2 (Βασίλης Παπαδόπουλος) lacks the consent. It is sent again with glasskey share send, to the end.',
      newer: 'REMOTE_REFUSED: the message holds something that glasskey share send does not write. Ask for it again.',
      forged: expect.stringContaining('SHARE_COMMITMENT: the sheet of custodian 2 (Βασίλης Παπαδόπουλος) is not the one that the manifest promised') as string,
      replayed: 'REMOTE_TWICE: a message of custodian 1 (Ada Lovelace) was accepted already: it counts once. If that custodian sent only one, somebody replayed it.',
      again: 'REMOTE_TWICE: a message of custodian 1 (Ada Lovelace) was accepted already: it counts once. If that custodian sent only one, somebody replayed it.',
    })
    expect(code, stderr).toBe(0)
    for (const word of session.words.split(' ')) expect(stderr).toContain(word)

    const journal = stage.journal()
    expect(journal.flatMap((line) => (line.type === 'consented' ? [[line.custodian, line.to, line.how]] : []))).toEqual([[1, 'warrant', 'remote message'], [2, 'warrant', 'remote message']])
    expect(journal.flatMap((line) => (line.type === 'share-accepted' ? [line.custodian] : []))).toEqual([1, 2])
    expect(journal.filter(({ type }) => type === 'share-refused')).toHaveLength(hostile.length + 2)
    // A genuine sheet of the next generation was in this machine: it counts as seen there.
    expect(journal).toContainEqual(expect.objectContaining({ type: 'share-refused', code: 'SHARE_OTHER_GENERATION', generation: 3, custodian: 2 }))
    // So does a true share in a message that was opened, and was for something else or in another form.
    expect(journal.flatMap((line) => (line.type === 'share-refused' && line.generation === 2 ? [[line.custodian, line.reason.replace(/ than this one$/, '')]] : []))).toEqual(expect.arrayContaining([[2, 'the message of custodian 2 is for another warrant'], [2, 'the message of custodian 2 is for another nonce'], [2, 'the message holds something that glasskey share send does not write']]))
    expect(journal).toContainEqual(expect.objectContaining({ type: 'remote-opened', fingerprint: session.key.fingerprint, keySha256: session.key.sha256, wordsReadBy: 'Wilma Witness' }))
    // Neither share nor message is in what was said or written.
    const share = await stage.shareText(2, 1)
    for (const text of [stderr, JSON.stringify(journal)]) expect(text).not.toContain(share.slice(24))
  })

  test('one custodian elsewhere and one at the machine; and a message of an earlier session opens nothing in this one', async () => {
    const session = await rotating(['one', 'mixed'], '--scan', stage.sheet(3, 2))
    const sent = await send(stage, session, 1, 3, '--out', join(stage.directory, 'mixed'), '--json')
    expect(JSON.parse(sent.stdout)).toMatchObject({ session: session.warrant.session, custodian: 1, out: join(stage.directory, 'mixed'), message: null, error: null })
    const { code, stderr } = await session.ended
    expect(code, stderr).toBe(0)
    expect(stderr).toContain(`${join(stage.directory, 'one')}: REMOTE_REFUSED: the message is for key `)
    expect(stage.journal().flatMap((line) => (line.type === 'consented' ? [[line.custodian, line.how]] : []))).toEqual([[1, 'remote message'], [2, 'rehearsal --yes']])
  })
})

describe('at the custodian\'s end', () => {
  let mine: Omit<Waiting, 'ended' | 'said'>
  beforeAll(async () => {
    stage = await rehearsal()
    const session = readdirSync(join(stage.custody, 'sessions')).at(-1) ?? ''
    const warrantPath = join(stage.custody, 'sessions', session, 'warrant.json')
    const taken = parseWarrant(readFileSync(warrantPath, 'utf8'))
    const warrant: Warrant = { ...taken, deadline: new Date(Date.now() + 3_600_000).toISOString() }
    const { armored } = await makeSessionKey(warrant.session, 'ab'.repeat(16), false, new Date())
    const key = await readSessionKey(armored, 'key')
    deliver('warrant.json', warrantFile(warrant))
    deliver('key.asc', armored)
    mine = { warrant, warrantPath: join(stage.directory, 'warrant.json'), key, keyPath: join(stage.directory, 'key.asc'), words: remoteWords(warrant, key) }
  })
  afterAll(() => stage.close())
  afterEach(() => {
    deliver('warrant.json', warrantFile(mine.warrant))
  })

  const expectNothingSent = (ended: Ended, code: string, exit: number): void => {
    expectRefused(ended, code, exit)
    expect(ended.stdout).toBe('')
    expect(ended.stderr).not.toContain(', page 1: ')
  }

  test('a swapped key: the words that are read at the machine are others, and nothing is sent', async () => {
    const { armored } = await makeSessionKey(mine.warrant.session, mine.key.nonce, false, new Date())
    deliver('swapped.asc', armored)
    const ended = await send(stage, { ...mine, keyPath: join(stage.directory, 'swapped.asc') }, 1, 1)
    expectNothingSent(ended, 'REMOTE_WORDS', 3)
    expect(ended.stderr).toContain('those are not the words: warrant or key were swapped on their way\nNothing was sent, and no sheet was read. Say so on the telephone, and raise the alarm.')
    // The right words are nowhere to be seen: they cannot be waved through.
    const swapped = await readSessionKey(armored, 'key')
    expect(ended.stderr).not.toContain(remoteWords(mine.warrant, swapped))
  })

  test('a swapped warrant: likewise', async () => {
    deliver('warrant.json', warrantFile({ ...mine.warrant, reason: 'a better one' }))
    expectNothingSent(await send(stage, mine, 1, 1), 'REMOTE_WORDS', 3)
  })

  test('the two files the other way round: said so, and no new warrant is asked for', async () => {
    const ended = await send(stage, { ...mine, warrantPath: mine.keyPath, keyPath: mine.warrantPath }, 1, 1)
    expectNothingSent(ended, 'USAGE', 2)
    expect(ended.stderr).toContain('the file given as --warrant is an OpenPGP key, not a warrant\nThe warrant is the file that ends in .json; the one that ends in .asc goes to --to.')
  })

  test('one word of sixteen is wrong', async () => {
    const words = mine.words.split(' ')
    // Of the same list, as every other word is; and another one, which the fourteenth may not be.
    const other = words.find((word, at) => at % 2 === 1 && word !== words[15])
    expectNothingSent(await send(stage, { ...mine, words: [...words.slice(0, 15), other].join(' ') }, 1, 1), 'REMOTE_WORDS', 3)
  })

  test('key and warrant of two sessions; a key of somebody; a warrant that is over; a sheet of another generation', async () => {
    deliver('other.asc', (await makeSessionKey('20200101T000000Z-00000000', 'ab'.repeat(16), false, new Date())).armored)
    expectNothingSent(await send(stage, { ...mine, keyPath: join(stage.directory, 'other.asc') }, 1, 1), 'REMOTE_REFUSED', 5)
    // A key that was made while the warrant ran, and the warrant is over.
    deliver('early.asc', (await makeSessionKey(mine.warrant.session, 'ab'.repeat(16), false, new Date(Date.parse(mine.warrant.opens)))).armored)
    deliver('warrant.json', warrantFile({ ...mine.warrant, deadline: new Date(Date.now() - 1000).toISOString() }))
    const over = await send(stage, { ...mine, keyPath: join(stage.directory, 'early.asc') }, 1, 1)
    expectNothingSent(over, 'WARRANT_EXPIRED', 3)
    expect(over.stderr).toContain('Ask for the warrant of a running session, and of a resumed one for its new key as well. Set the clock only if a watch says that it is wrong.')
    deliver('warrant.json', warrantFile(mine.warrant))
    const stray = await send(stage, mine, 1, 2)
    expectRefused(stray, 'SHARE_OTHER_KEY', 5)
    expect(stray.stdout).toBe('')
  })
})

describe('messages that cost more than they weigh', () => {
  test('compressed data where a message should be: it is not unpacked to find out what is in it', async () => {
    const { privateKey } = await makeSessionKey('20261120T040000Z-0a1b2c3d', 'ab'.repeat(16), false, new Date())
    // An old reader would have said "for key of nobody": it had unpacked them, whatever they grow to.
    const compressed = packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(Buffer.alloc(1_000_000))]))
    const literal = packet(11, Buffer.from('b\0\0\0\0\0share', 'latin1'))
    for (const message of [compressed, literal, Buffer.concat([compressed, compressed]), Buffer.from([0xc1])]) {
      expect(await refusalOf(() => openMessage(armor(enums.armor.message, message), privateKey))).toMatchObject({ code: 'REMOTE_REFUSED', message: 'this is no whole OpenPGP message: it was altered or cut on its way', cause: expect.objectContaining({ message: expect.stringMatching(/^OpenPGP: /) as string }) as Error })
      expect(await refusalOf(() => openText(message, privateKey))).toMatchObject({ code: 'SHARE_SEALED', cause: expect.objectContaining({ message: expect.stringMatching(/^OpenPGP: /) as string }) as Error })
    }
    expect(await refusalOf(() => openMessage(armor(enums.armor.signature, literal), privateKey))).toMatchObject({ code: 'REMOTE_REFUSED' })
  })
})

/** A packet of RFC 9580 with a length of five bytes. */
function packet(tag: number, body: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([Buffer.from([0xc0 + tag, 0xff]), length, body])
}

describe('pure', () => {
  test('a message says which of session, warrant, key and nonce is another', async () => {
    const { privateKey, armored } = await makeSessionKey('20261120T040000Z-0a1b2c3d', 'ab'.repeat(16), true, new Date())
    const key = await readSessionKey(armored, 'key')
    expect(key).toMatchObject({ session: '20261120T040000Z-0a1b2c3d', nonce: 'ab'.repeat(16), needsBagWords: true })
    const warrant = parseWarrant(readFileSync(new URL('../vectors/1/custody/sessions/20261122T023000Z-4e5f6a7b/warrant.json', import.meta.url), 'utf8'))
    const message: RemoteMessage = { format: 1, session: warrant.session, warrantSha256: warrantDigest(warrant), keyFingerprint: key.fingerprint, nonce: key.nonce, custodian: 1, share: 'GKR1', trusts: TRUST_SENTENCE, deferred: null, bagWords: null, sent: new Date().toISOString() }
    expect(checkMessage(message, warrant, key)).toBe(message)
    for (const [field, value, called] of [['session', '20200101T000000Z-00000000', 'session'], ['warrantSha256', '0'.repeat(64), 'warrant'], ['keyFingerprint', '0'.repeat(40), 'key'], ['nonce', '0'.repeat(32), 'nonce']] as const) {
      expect(refusal(() => checkMessage({ ...message, [field]: value }, warrant, key))).toMatchObject({ code: 'REMOTE_REFUSED', message: `the message of custodian 1 is for another ${called} than this one` })
    }
    const text = await writeMessage(message, key)
    expect(parseMessage(await openMessage(`Hello, here it is:\n${text}`, privateKey))).toEqual(message)
    expect(await refusalOf(() => openMessage('x'.repeat(16 * 1024 + 1), privateKey))).toMatchObject({ code: 'REMOTE_REFUSED', message: 'this is longer than any message of a custodian' })
    // A field more than the format has, canonical and sealed to the right key.
    const more = await writeMessage({ ...message, more: 1 } as unknown as RemoteMessage, key)
    expect(await refusalOf(async () => parseMessage(await openMessage(more, privateKey)))).toMatchObject({ message: 'the message holds something that glasskey share send does not write' })
    expect(canonicalJson(message)).not.toContain('more')
  })

  test('a custodian\'s clock that runs behind, or years ahead, is not in the way', async () => {
    const made = new Date()
    const { privateKey, armored } = await makeSessionKey('20261120T040000Z-0a1b2c3d', 'ab'.repeat(16), false, made)
    const message: RemoteMessage = { format: 1, session: '20261120T040000Z-0a1b2c3d', warrantSha256: '0'.repeat(64), keyFingerprint: '0'.repeat(40), nonce: 'ab'.repeat(16), custodian: 1, share: 'GKR1', trusts: TRUST_SENTENCE, deferred: null, bagWords: null, sent: made.toISOString() }
    try {
      for (const clock of [new Date(made.getTime() - 90_000), new Date('2000-01-01'), new Date('2040-01-01')]) {
        vi.useFakeTimers({ toFake: ['Date'], now: clock })
        expect(parseMessage(await openMessage(await writeMessage(message, await readSessionKey(armored, 'key')), privateKey))).toEqual(message)
      }
    } finally {
      vi.useRealTimers()
    }
  })

  test('the words bind warrant and key: another of either has other words, all 128 bits of them', () => {
    const key = { sha256: 'a'.repeat(64) }
    const warrant = parseWarrant(readFileSync(new URL('../vectors/1/custody/sessions/20261122T023000Z-4e5f6a7b/warrant.json', import.meta.url), 'utf8'))
    const words = remoteWords(warrant, key)
    expect(words.split(' ')).toHaveLength(16)
    expect(remoteWords(warrant, { sha256: `${'a'.repeat(63)}b` })).not.toBe(words)
    expect(remoteWords({ ...warrant, incident: 'INC-2' }, key)).not.toBe(words)
  })
})
