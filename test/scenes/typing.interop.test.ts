/** Shares typed at a real terminal, in a release and in a recovery: what is said meanwhile, and what is left on the screen. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateKey } from 'openpgp'
import { afterEach, expect, test } from 'vitest'
import { roomsUnder } from '../isolation/memory.js'
import { sealedTexts } from '../../src/custody/sealed-share.js'
import { readSealingKey, sealText } from '../../src/custody/sealing.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { CLI } from '../stage/command-line.js'
import { onTerminal, processesWith, type OnTerminal } from '../stage/on-terminal.js'
import { played } from '../stage/played.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { screenOf } from '../stage/screen.js'
import { secretsOf, VECTORS } from '../vectors/frozen.js'

const ENVELOPE = fileURLToPath(new URL('custody/generations/2/envelope.pgp', VECTORS))
const [first = '', second = ''] = secretsOf(2).shareTexts

let stage: Rehearsal | undefined
let terminal: OnTerminal | undefined
afterEach(async () => {
  terminal?.close()
  await stage?.close()
  stage = terminal = undefined
})

const until = async (words: string): Promise<void> => { await terminal?.until(words) }
/** Types as a person does, a key at a time; how many keys. */
async function keys(text: string): Promise<number> {
  for (const key of text) {
    terminal?.type(key)
    await new Promise((next) => setTimeout(next, 3))
  }
  return text.length
}
const screen = (): string => screenOf(terminal?.shown() ?? '')
/** No group of a share after its public beginning is left. */
function expectNoGroups(...texts: string[]): void {
  for (const text of texts) for (const group of text.slice(24).match(/.{4}/g) ?? []) expect(screen().toUpperCase()).not.toContain(group)
}
const other = (character: string): string => (character === 'Q' ? 'P' : 'Q')

test('recover: one sheet typed key by key, one by a scanner; nothing of them is left on the screen', async () => {
  stage = await rehearsal({ after: 'sealed' })
  const out = join(stage.directory, 'key.pem')
  terminal = onTerminal(stage, [process.execPath, CLI, 'recover', '--envelope', ENVELOPE, '--out', out, '--yes'])
  await until('Group 1 of 21.')
  // 82 characters of a practice sheet, and Enter.
  expect(await keys(`${first.toLowerCase()}\r`)).toBe(83)
  await until('typed: share 1 of 3')
  await until('Type a share. 1 of 2 so far.')
  // A slip of the hand.
  terminal.type('\r')
  await until('Nothing was typed. Enter once more ends the recovery without a key.')
  terminal.type(`${second}\r`)
  expect(await terminal.ended).toBe(0)
  expect(readFileSync(out, 'utf8')).toContain('BEGIN PRIVATE KEY')
  expect(terminal.shown()).toContain(first.slice(40, 44))
  expectNoGroups(first, second)
  expect(screen()).not.toContain('Type the groups')
})

test('recover: a slip in the sentence is asked again, and Enter alone stops', async () => {
  stage = await rehearsal({ after: 'sealed' })
  const typed = join(stage.directory, 'typed')
  writeFileSync(typed, `${first}\n${second}\n`)
  const recover = [process.execPath, CLI, 'recover', '--envelope', ENVELOPE, '--share-file', typed]
  terminal = onTerminal(stage, [...recover, '--out', 'key.pem'])
  await until('Type: I end the custody of this key')
  terminal.type('I end the custody\n')
  await until('That is not the sentence. Enter alone stops, and no key is shown. Type: I end the custody of this key')
  terminal.type('i end the custody of this key\n')
  expect(await terminal.ended).toBe(0)
  expect(existsSync(join(stage.directory, 'key.pem'))).toBe(true)
  terminal = onTerminal(stage, recover)
  await until('Type: I end the custody of this key')
  terminal.type('\n')
  expect(await terminal.ended).toBe(3)
  expect(terminal.shown()).toContain('CONSENT_REFUSED: the sentence was not typed; no key was shown')
})

test.each(['\r', '\r\n'])('two sheets that a scanner types without waiting, %j after each, are two sheets', async (end) => {
  stage = await rehearsal({ after: 'sealed' })
  const out = join(stage.directory, 'key.pem')
  terminal = onTerminal(stage, [process.execPath, CLI, 'recover', '--envelope', ENVELOPE, '--out', out, '--yes'])
  await until('Group 1 of 21.')
  terminal.type(`${first}${end}${second}${end}`)
  expect(await terminal.ended).toBe(0)
  expect(existsSync(out)).toBe(true)
})

test('recover: a whole sheet of another generation between two right ones is put aside, and typing goes on', async () => {
  stage = await rehearsal({ after: 'sealed' })
  const out = join(stage.directory, 'key.pem')
  terminal = onTerminal(stage, [process.execPath, CLI, 'recover', '--envelope', ENVELOPE, '--out', out, '--yes'])
  await until('Group 1 of 21.')
  terminal.type(`${first}\r`)
  await until('Type a share. 1 of 2 so far.')
  terminal.type(`${secretsOf(3).shareTexts[1] ?? ''}\r`)
  await until('It is put aside.')
  terminal.type(`${second}\r`)
  expect(await terminal.ended, terminal.shown()).toBe(0)
  expect(existsSync(out)).toBe(true)
})

test('a character that is never used is named until its group is done', async () => {
  stage = await rehearsal({ after: 'sealed' })
  terminal = onTerminal(stage, [process.execPath, CLI, 'share', 'inspect', '--rehearsal', '--type', '--json'])
  await until('Group 1 of 21.')
  const never = '"O" in group 11 is never used on a sheet; is it 0 (zero) or Q?'
  terminal.type(first.slice(0, 41))
  await until('Group 11 of 21.')
  terminal.type('O')
  await until(never)
  terminal.type(first.slice(41, 43))
  await until(`[${first.slice(40, 43)}.]`)
  expect(screen()).toContain(never)
  terminal.type(first.slice(43, 44))
  await until('Group 12 of 21.')
  expect(screen()).not.toContain(never)
  terminal.type(`${first.slice(44)}\r`)
  expect(await terminal.ended).toBe(0)
})

test('a repair is taken only when somebody says yes; no gives the group back', async () => {
  stage = await rehearsal({ after: 'sealed' })
  terminal = onTerminal(stage, [process.execPath, CLI, 'share', 'inspect', '--rehearsal', '--type', '--json'])
  await until('Group 1 of 21.')
  const wrong = first.slice(0, 41) + other(first.charAt(41)) + first.slice(42)
  terminal.type(`${wrong}\r`)
  await until(`Does it read group 11 "${first.slice(40, 44)}" (typed: "${wrong.slice(40, 44)}")? (yes/no)`)
  terminal.type('y\n')
  terminal.type('no\n')
  await until('Group 11 looks wrong. Type it again as the paper has it.')
  terminal.type(`${first.slice(40, 44)}\r`)
  expect(await terminal.ended).toBe(0)
  expectNoGroups(first)
})

test('Ctrl-C at the question for a repair: the groups and the question are taken away', async () => {
  stage = await rehearsal({ after: 'sealed' })
  terminal = onTerminal(stage, ['bash', '--norc', '-c', '"$@"; echo ended with $?; stty -a', 'bash', process.execPath, CLI, 'share', 'inspect', '--rehearsal', '--type'])
  await until('Group 1 of 21.')
  const wrong = [41, 49, 57].reduce((text, at) => text.slice(0, at) + other(text.charAt(at)) + text.slice(at + 1), first)
  terminal.type(`${wrong}\r`)
  // All groups are uncovered then, to be compared.
  await until('The checksum does not fit, and it cannot be told where.')
  expect(screen()).toContain(first.slice(60, 64))
  terminal.type(`${'>'.repeat(10)}${first.slice(40, 44)}${'<'.repeat(9)}${first.slice(48, 52)}\r`)
  await until(`Does it read group 15 "${first.slice(56, 60)}" (typed: "${wrong.slice(56, 60)}")? (yes/no)`)
  // Only what is to be compared is shown meanwhile.
  for (const group of [first.slice(24, 56), first.slice(60)].flatMap((text) => text.match(/.{4}/g) ?? [])) expect(screen()).not.toContain(group)
  terminal.type('\u0003')
  await until('ended with 3')
  await terminal.ended
  expect(screen()).toContain('INTERRUPTED: stopped: Ctrl-C')
  expectNoGroups(first)
  expect(terminal.shown()).toMatch(/ icanon /)
})

test('recover: the codes of a sealed share from a scanner that types, one after the other, with what is missing said', async () => {
  stage = await rehearsal({ after: 'sealed' })
  const { publicKey, privateKey } = await generateKey({ type: 'rsa', rsaBits: 2048, userIDs: [{ name: 'Ada' }], date: new Date('2026-11-01T09:00:00.000Z'), format: 'armored' })
  const keyFile = join(stage.directory, 'ada.key')
  writeFileSync(keyFile, privateKey)
  const now = new Date('2026-11-20T09:00:00.000Z')
  const key = await readSealingKey(publicKey, 'ada.asc', now)
  const { keyId, custodian, threshold, shares, rehearsal: practice } = parseShareText(first)
  const codes = sealedTexts({ rehearsal: practice, keyId, custodian, threshold, shares, fingerprint: key.fingerprint, message: await sealText(`${first}\n`, key, now) })
  const out = join(stage.directory, 'key.pem')
  terminal = onTerminal(stage, [process.execPath, CLI, 'recover', '--envelope', ENVELOPE, '--out', out, '--yes', '--custodian-key', `${custodian}=${keyFile}`])
  await until('Group 1 of 21.')
  terminal.type(`${codes[0] ?? ''}\r`)
  await until(`Of the sealed share of custodian ${custodian}, code 2 of 2 was not read.`)
  terminal.type(`${codes[1] ?? ''}\r`)
  await until('Type a share. 1 of 2 so far.')
  terminal.type(`${second}\r`)
  expect(await terminal.ended, screen()).toBe(0)
  expect(readFileSync(out, 'utf8')).toContain('BEGIN PRIVATE KEY')
})

test('standard input as a file of shares is not a terminal: it would show and keep them', async () => {
  stage = await rehearsal({ after: 'sealed' })
  terminal = onTerminal(stage, [process.execPath, CLI, 'recover', '--envelope', ENVELOPE, '--share-file', '-'])
  expect(await terminal.ended).toBe(2)
  expect(terminal.shown()).toContain('USAGE: --share-file - is for what another program writes; standard input is this terminal, which would show each share and keep it')
})

test.each([
  ['Ctrl-C', '\u0003', 'INTERRUPTED: stopped: Ctrl-C'],
  ['Ctrl-D before anything was typed', '\u0015\u0004', 'INTERRUPTED: stopped at the question: Type the share of the sheet.'],
])('%s ends it in order, and takes what was typed away', async (_, key, words) => {
  stage = await rehearsal({ after: 'sealed' })
  terminal = onTerminal(stage, ['bash', '--norc', '-c', `"$@"; echo ended with $?; stty -a`, 'bash', process.execPath, CLI, 'share', 'inspect', '--rehearsal', '--type'])
  await until('Group 1 of 21.')
  terminal.type(first.slice(0, 50))
  await until('Group 13 of 21.')
  terminal.type(key)
  await until('ended with 3')
  await terminal.ended
  expect(screen()).toContain(words)
  expectNoGroups(first.slice(0, 50))
  // The terminal is as it was.
  expect(terminal.shown()).toMatch(/ icanon /)
  expect(terminal.shown()).toMatch(/ echo /)
})

test('an inspection says what it found before it asks what to enter, and asks again for what has no shape', async () => {
  const during = (stage = await rehearsal())
  terminal = onTerminal(during, [process.execPath, CLI, 'share', 'inspect', '--custody', during.custody, '--scan', during.sheet(3, 2)])
  await until('Enter this inspection in the logbook? (yes/no)')
  expect(terminal.shown()).toContain('The sheet is whole.')
  terminal.type('yes\n')
  for (const [question, answer] of [['Copy:', 'one'], ['That is not a number.', '1'], ['Bag number:', 'B-7'], ['Condition (intact, opened or doubtful):', 'fine'], ['That is not one of intact, opened, doubtful.', 'opened'], ['Witness:', 'Emmy Noether'], ['Number of the new bag:', 'B-8']] as const) {
    await until(question)
    terminal.type(`${answer}\n`)
  }
  expect(await terminal.ended, terminal.shown()).toBe(0)
  expect(terminal.shown().match(/The sheet is whole\./g)).toHaveLength(1)
  expect(terminal.shown()).toMatch(/Entry \d+: /)
  expect(readCustodyFolder(during.custody).logbook.lines.at(-1)).toMatchObject({ type: 'inspected', custodian: 2, copy: 1, bag: 'B-7', condition: 'opened', newBag: 'B-8', generations: [2, 3, 4] })
})

/** A release up to the first share: custodians 1 and 2 consented. `before`: words before the command, such as a shell's. */
async function untilShares(...before: string[]): Promise<{ during: Rehearsal; typed: string[] }> {
  const during = (stage = await rehearsal({ speed: 4 }))
  const { node = [], env } = played(during.time)
  const typed = await Promise.all([during.shareText(2, 1), during.shareText(2, 2), during.shareText(3, 1)])
  const words = withoutShares(during.rotate()).filter((word) => word !== '--yes')
  terminal = onTerminal(during, [...before, process.execPath, ...node, CLI, ...words], env)
  for (const custodian of [1, 2]) {
    await until(`(${custodian - 1} of 2 so far) Number:`)
    terminal.type(`${custodian}\n`)
    const code = (/Code words +(.+)/.exec(terminal.shown())?.[1] ?? '').trim()
    const asked = (): number => terminal?.shown().split('type the four code words').length ?? 0
    while (asked() <= custodian) await new Promise((again) => setTimeout(again, 20))
    terminal.type(`${code}\n`)
  }
  await until('Does another custodian release? (yes/no)')
  terminal.type('no\n')
  await until('Type a share. 0 of 2 shares; 2 more needed.')
  return { during, typed }
}

test('a release: a sheet of another generation is named after twelve characters, and the right ones are typed', async () => {
  const { during, typed: [one = '', two = '', waiting = ''] } = await untilShares()
  await keys(waiting.slice(0, 12))
  await until('STOP: this is a sheet of GENERATION 3: that key is not in use yet.')
  await keys('\r')
  await until('It was put away. Bring a sheet of GENERATION 2')
  await keys(`${one}\r`)
  await until('1 of 2: the sheet of custodian 1 (Ada Lovelace) is right.')
  await keys(`${two}\r`)
  expect(await terminal?.ended).toBe(0)
  expectNoGroups(one, two)
  const journal = during.journal()
  expect(journal.filter(({ type }) => type === 'share-refused')).toMatchObject([{ code: 'SHARE_OTHER_GENERATION', reason: 'this is a sheet of GENERATION 3: that key is not in use yet' }])
  expect(journal.filter(({ type }) => type === 'share-accepted')).toMatchObject([{ custodian: 1 }, { custodian: 2 }])
  expect(JSON.stringify(journal)).not.toContain(one.slice(30, 40))
})

test('a release: Ctrl-C while a share is typed stops it in order', async () => {
  const { during, typed: [one = ''] } = await untilShares()
  await keys(one.slice(0, 60))
  await keys('\u0003')
  expect(await terminal?.ended).toBe(3)
  expect(screen()).toContain('INTERRUPTED: stopped: Ctrl-C')
  expectNoGroups(one.slice(0, 60))
  expect(during.journal().at(-1)).toMatchObject({ type: 'closed' })
})

test('a release: the strongroom is killed while a share is typed; the terminal is as it was, and it is said that no key was live', async () => {
  const { during, typed: [one = ''] } = await untilShares('bash', '--norc', '-c', '"$@"; echo ended with $?; stty -a', 'bash')
  await keys(one.slice(0, 60))
  const [desk = 0] = processesWith(during.custody, process.execPath)
  process.kill(roomsUnder(desk).strongroom ?? 0, 'SIGKILL')
  await until('ended with ')
  await terminal?.ended
  expect(terminal?.shown()).toContain('the strongroom ended without a word; no key was live')
  expect(terminal?.shown()).toMatch(/ icanon /)
  expect(terminal?.shown()).toMatch(/ echo /)
  expect(during.journal().at(-1)).toMatchObject({ type: 'closed' })
})

test('a release: the terminal goes away while a share is typed: stopped, and no fault of glasskey', async () => {
  const { during, typed: [one = ''] } = await untilShares()
  await keys(one.slice(0, 60))
  terminal?.close()
  const deadline = Date.now() + 30_000
  while (processesWith(during.custody).length > 0 && Date.now() < deadline) await new Promise((again) => setTimeout(again, 100))
  // 3: interrupted. 1 would be an error of ours.
  expect(during.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 3 })
})

test('a release: a reader that dies leaves the terminal to type on', async () => {
  const during = (stage = await rehearsal({ speed: 4 }))
  const { node = [], env } = played(during.time)
  const typed = await Promise.all([1, 2].map((custodian) => during.shareText(2, custodian)))
  terminal = onTerminal(during, [process.execPath, ...node, CLI, ...withoutShares(during.rotate()), ...during.scans(2, 1, 2, 3)], env)
  await until('are about to be read')
  const [desk = 0] = processesWith(during.custody, process.execPath)
  let reader: number | undefined
  while (reader === undefined) reader = roomsUnder(desk).reader
  process.kill(reader, 'SIGKILL')
  await until('the reader stopped before the last scan. What is missing is typed.')
  for (const text of typed) {
    await until('Group 1 of 21.')
    terminal.type(`${text}\r`)
  }
  expect(await terminal.ended, terminal.shown()).toBe(0)
})
