/**
 * What must hold whatever happened: checked at every request, after every command, and at the end of every story. What the
 * tool says is held against what it has written, and both against what is true in the cloud.
 */
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { auditCustody } from '../../src/audit/audit.js'
import { sha256Hex } from '../../src/canonical.js'
import { nextIn } from '../../src/host/printed-command.js'
import { standingOf } from '../../src/commands/status.js'
import { readCustodyFolder, type CustodyFolder } from '../../src/host/custody-folder.js'
import { opcRequestIdOf } from '../../src/record/journal.js'
import { openSessions } from '../../src/record/open-sessions.js'
import { isTakenOver } from '../../src/record/standing.js'
import { assertDead, assertReleased, assertSheetsOpenIt, assertTakenOver, livingKeys, usedAndAlive } from './cloud-truth.js'
import type { Ended } from './command-line.js'
import { administer } from './deeds.js'
import type { Rehearsal } from './rehearsal.js'

/** Whether a command was refused before it began; on a machine that is busy, OCI seems not to answer. People begin again, as it says. */
export function isNotBegun({ code, stderr }: Pick<Ended, 'code' | 'stderr'>): boolean {
  return code === 3 && /^(OCI_UNREACHABLE|CLOCKS_DISAGREE): .+\nNo bag was opened\. Mend it, then begin again\.$/m.test(stderr)
}

/** So many commands may follow one another until nothing is left to do. */
const MOST_STEPS = 8

/** So often people begin again. */
const PATIENCE = 2

/**
 * Throws when a session is open, or a key that signed is alive, and the record does not say so in red; or when the
 * command that left such a key ended as if nothing were the matter. A command that was killed (-1) says nothing any more.
 */
export function assertNothingSilent(stage: Rehearsal, { code }: Pick<Ended, 'code'> = { code: -1 }): void {
  const folder = readCustodyFolder(stage.custody)
  const alarms = standingOf(folder).remarks.filter(({ level }) => level === 'alarm').map(({ text }) => text)
  const isSaid = (word: string): boolean => alarms.some((text) => text.includes(word))
  for (const { id } of openSessions({ ...folder, logbook: folder.logbook.lines })) {
    if (!isSaid(id)) throw new Error(`SILENT: session ${id} is open, and status says only: ${alarms.join('; ')}`)
  }
  for (const generation of usedAndAlive(stage)) {
    const its = folder.sessions.filter(({ session }) => session.opened.generation === generation).map(({ id }) => id)
    if (![...its, `GENERATION ${generation} `].some(isSaid)) throw new Error(`SILENT: the key of GENERATION ${generation} signed and lives, and status says only: ${alarms.join('; ')}`)
    if (code !== 6 && code !== -1) throw new Error(`SILENT: the key of GENERATION ${generation} signed and lives, and the command ended with ${code}`)
  }
}

/** Throws unless a command that was not killed ended with done or refused, and then nothing is left open; or with 6 and the command that goes on. */
export function assertSaidWhatNext(stage: Rehearsal, { code, stdout, stderr }: Ended): void {
  expect([0, 3, 6], `exit code\n${stderr}\n${stdout}`).toContain(code)
  const folder = readCustodyFolder(stage.custody)
  const open = openSessions({ ...folder, logbook: folder.logbook.lines }).map(({ id }) => id)
  const said = `${stdout}\n${stderr}`
  if (code !== 0) expect(stderr, 'an error has a name, and says what next').toMatch(/^[A-Z][A-Z_]+: .+\n.{12,}$/m)
  const { next } = standingOf(folder)
  if (code !== 6) expect(open, `sessions that are open after exit ${code}`).toEqual([])
  // Where rotation was deferred, and OCI did not accept the key, somebody looks first.
  else if (open.length === 0) expect(next, 'what status says is next').toMatch(/^glasskey (takeover|break rotate|resume --session \S+ --reader PROFILE)$/)
  // Of two, the more urgent; that the other stands in red is a law of its own.
  else expect(said, 'the next command').toMatch(new RegExp(`glasskey .*${open[0] ?? ''}`))
  if (code === 6) expect(said, 'what status says is next').toContain(nextIn(next, stage.custody).replace(/ \(and --kept-lines FILE, .*\)$/, ''))
}

/**
 * Does what a command that ended with 6 told people to do, word for word, and then what `status` says is next, until nothing
 * is left: what a tired operator would do. Throws when a command does not end as it should, or when it never ends.
 */
export async function doAsTold(stage: Rehearsal, told?: Ended): Promise<string[]> {
  const done: string[] = []
  let begunAgain = 0
  if (told) {
    await enterFound(stage, told)
    administer(stage, told)
  }
  await holdCeremony(stage, done)
  let args = nextAfter(stage, told, told?.stderr)
  while (args !== null) {
    if (done.length === MOST_STEPS) throw new Error(`${MOST_STEPS} commands, and still something is left to do:\n${done.join('\n')}`)
    const ended = await stage.run(args)
    const { code, stdout, stderr } = ended
    const flags = args.findIndex((word) => word.startsWith('--'))
    done.push(`glasskey ${args.slice(0, flags).join(' ')}: ${stderr}`)
    if (isNotBegun(ended) && (begunAgain += 1) <= PATIENCE) continue
    if (code !== 0 && code !== 6) throw new Error(`glasskey ${args.join(' ')} ended with ${code}:\n${stderr}\n${stdout}`)
    assertNothingSilent(stage, ended)
    await enterFound(stage, ended)
    administer(stage, ended)
    await holdCeremony(stage, done)
    args = nextAfter(stage, ended, [told?.stderr ?? '', ...done].join('\n'))
  }
  return done
}

/** Arguments of the command that comes next: the one that was printed with exit 6, or what `status` says; null when nothing is left. `heard`: all that was said so far. */
export function nextAfter(stage: Rehearsal, told: Ended | undefined, heard = ''): string[] | null {
  const args = told?.code === 6 ? printedCommand(stage, told) : nextCommand(stage)
  // Where no key may delete itself, people are told to name the login that may.
  const remover = args?.[0] === 'takeover' && heard.includes('glasskey takeover --remover PROFILE') ? ['--remover', 'REMOVER'] : []
  return args && [...args, ...remover]
}

/** Holds the ceremony that has to come first, where no generation waits for what is to be done. Its sheets are put beside the others. */
async function holdCeremony(stage: Rehearsal, done: string[]): Promise<void> {
  const { next, waiting, inUse } = standingOf(readCustodyFolder(stage.custody))
  if (!next.startsWith('a ceremony at once, then ')) return
  const of = String((inUse?.generation ?? 0) + waiting.length)
  const [outbox, sheets] = [join(stage.directory, `outbox-after-${of}`), join(stage.directory, `sheets-after-${of}`)]
  for (const args of [['--custody', stage.custody, '--sheets', sheets, '--outbox', outbox, '--rehearsal', '--yes'], ['import', '--custody', stage.custody, '--outbox', outbox]]) {
    const { code, stdout, stderr } = await stage.run(['ceremony', ...args])
    if (code !== 0) throw new Error(`glasskey ceremony ended with ${code}:\n${stderr}\n${stdout}`)
  }
  for (const name of readdirSync(sheets)) renameSync(join(sheets, name), join(stage.directory, 'sheets', name))
  done.push(`glasskey ceremony: after GENERATION ${of}`)
}

/** Enters what people found in OCI's console, wherever the command asked them to look: nobody could read it any more. */
async function enterFound(stage: Rehearsal, { stdout }: Ended): Promise<void> {
  for (const [, step = ''] of stdout.matchAll(/glasskey logbook add exception --set step="([^"]+)"/g)) {
    const sets = [`step=${step}`, 'happened=the console shows it', 'decision=it stays as it is', 'decidedBy=Lin Chen', 'witness=Emmy Noether'].flatMap((set) => ['--set', set])
    const { code, stderr } = await stage.run(['logbook', 'add', 'exception', '--custody', stage.custody, ...sets])
    if (code !== 0) throw new Error(`glasskey logbook add exception ended with ${code}:\n${stderr}`)
  }
}

/** Arguments of the last command that was printed, with what people have in place of what it calls FILE, PROFILE and …. */
function printedCommand(stage: Rehearsal, { stdout, stderr }: Ended): string[] {
  const [, verb = '', rest = ''] = [...`${stderr}\n${stdout}`.matchAll(/glasskey (resume|takeover|break rotate)\b([^\n]*)/g)].at(-1) ?? []
  const { inUse } = standingOf(readCustodyFolder(stage.custody))
  if (verb === '') throw new Error(`it ended with 6, and printed no command:\n${stderr}\n${stdout}`)
  if (verb === 'takeover') return stage.takeover(inUse?.generation ?? firstUnused(stage))
  expect(/ --custody (\S+)/.exec(rest)?.[1], 'the folder that the command is printed with').toBe(stage.custody)
  if (verb === 'break rotate') return [...stage.rotate(inUse?.generation ?? 0), '--reader', 'AUDITOR']
  // What stands in brackets is for those whom it concerns.
  const flags = new Map([...rest.replace(/ \(.*?\)/g, '').matchAll(/ --([a-z-]+) ([^\s;,)]+)/g)].map(([, name = '', value = '']) => [name, value.replace(/\.$/, '')]))
  const given = [...flags].flatMap(([name, value]) => {
    if (name === 'scan') return stage.shares(generationOf(stage, flags.get('session')), 1, 3)
    return [`--${name}`, value === 'PROFILE' ? (name === 'remover' ? 'REMOVER' : 'AUDITOR') : value]
  })
  // The reader that the operator has been using all along.
  const kept = [...(flags.has('reader') ? [] : ['--reader', 'AUDITOR'])]
  return ['resume', ...given, ...kept, '--yes', ...stage.oci]
}

/** Arguments of what `status` says is next; null when that is nothing which these stories are about. */
function nextCommand(stage: Rehearsal): string[] | null {
  const { next, inUse } = standingOf(readCustodyFolder(stage.custody))
  if (next.startsWith('glasskey resume')) {
    const session = / --session (\S+)/.exec(next)?.[1] ?? ''
    return ['resume', '--custody', stage.custody, '--session', session, '--yes', '--reader', 'AUDITOR', ...stage.shares(generationOf(stage, session), 1, 3), ...stage.oci]
  }
  if (next === 'glasskey takeover') return stage.takeover(inUse?.generation ?? firstUnused(stage))
  if (next === 'glasskey break rotate') return [...stage.rotate(inUse?.generation ?? 0), '--reader', 'AUDITOR']
  if (next.startsWith('glasskey logbook add retired')) return [...next.split(' ').slice(1, -1), 'reason=exposed', '--custody', stage.custody]
  return null
}

/** What is not as it would be after any other story. */
export interface Otherwise {
  /** Controls that an auditor should not find to hold. */
  expected?: readonly string[]
  /** Lines of a journal are lost for good: nobody can say any more under which of them a request went out, and an auditor who reads OCI's log finds that. */
  linesLost?: boolean
  /** The used key was gone, or its sheets, before it could sign the head of its journal: an auditor says that this cannot be checked. */
  isByHand?: boolean
}

/** Throws unless exactly one key lives, its sheets open it and are not exposed, every used key is graded and dead, what was released is as the record says, and the record verifies. */
export async function assertAllWell(stage: Rehearsal, { expected = [], linesLost = false, isByHand = false }: Otherwise = {}): Promise<void> {
  const folder = readCustodyFolder(stage.custody)
  const standing = standingOf(folder)
  const living = livingKeys(stage)
  const [only] = living
  if (living.length !== 1 || only === undefined || only.generation === null) throw new Error(`OCI has ${living.length} keys: ${JSON.stringify(living)}`)
  if (only.generation !== standing.inUse?.generation) throw new Error(`OCI has GENERATION ${only.generation}, and the record says ${String(standing.inUse?.generation)}`)
  if (standing.inUse.state !== 'in use') throw new Error(`GENERATION ${standing.inUse.generation} is ${standing.inUse.state}`)
  assertSheetsOpenIt(stage, only.generation)
  assertNothingSilent(stage)
  assertGraded(stage, folder)
  assertDoneAsRecorded(stage, folder)
  if (!linesLost) assertChangesExplained(stage, folder)
  // CI plays each kind once, in minutes: there the auditor has the folder, and OCI's own word is what stands above. OCI's log has what was lost.
  const { revoked, failed } = await (process.env['GLASSKEY_MATRIX'] === 'kinds' || linesLost ? auditOfFolder(stage) : auditWithLogin(stage))
  if (revoked !== null && !(isByHand && revoked.includes('J04 could not be checked; the other'))) throw new Error(`the auditor does not find every used key revoked: ${revoked}`)
  const bad = failed.filter((control) => !READINESS.test(control) && !expected.includes(control.slice(0, 3)))
  if (bad.length > 0) throw new Error(`the audit fails ${bad.join(', ')}`)
}

/** Why keys are not called revoked (null: they are), and which controls fail. */
interface Audited {
  revoked: string | null
  failed: string[]
}

/** The audit that an auditor with a login makes. */
async function auditWithLogin(stage: Rehearsal): Promise<Audited> {
  const audit = await stage.run(['audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  const { opinion, controls } = JSON.parse(audit.stdout) as { opinion: Record<string, { verdict: string; sentence: string }>; controls: { code: string; result: string; finding: string }[] }
  const { keyRevoked } = opinion
  return { revoked: keyRevoked?.verdict === 'Yes' ? null : [JSON.stringify(keyRevoked), ...failures(controls)].join('; '), failed: failures(controls) }
}

/** The audit that needs nothing but the folder, in this process. */
async function auditOfFolder(stage: Rehearsal): Promise<Audited> {
  const { results } = await auditCustody({ folder: stage.custody, profile: null, cloud: { endpoints: {}, ca: null }, from: undefined, to: undefined, now: new Date(stage.cloud.now()) })
  const released = results.find(({ code }) => code === 'R01')
  return { revoked: released?.result === 'holds' ? null : String(released?.finding), failed: failures(results) }
}

function failures(controls: readonly { code: string; result: string; finding: string }[]): string[] {
  return controls.filter(({ result }) => result === 'fails').map(({ code, finding }) => `${code}: ${finding}`)
}

/** Throws when OCI was asked to change something under an id that is not of a line of a journal. The first part of three is ours. */
function assertChangesExplained({ cloud }: Rehearsal, folder: CustodyFolder): void {
  const ids = new Set(folder.sessions.flatMap(({ chain }) => chain.texts.map((text) => opcRequestIdOf(sha256Hex(text)))))
  for (const { method, path, keyId, opcRequestId } of cloud.requests) {
    if (method !== 'GET' && keyId !== null && !ids.has(opcRequestId?.split('/')[0] ?? '')) throw new Error(`UNEXPLAINED: ${method} ${path}, request ${String(opcRequestId)}`)
  }
}

/** Controls of readiness: how many successors wait is not what these stories are about, but that nothing is counted on which was seen. */
const READINESS = /^D0[123]/

/** Throws unless every key that was live in a session is burned, and was dead when it was called so. */
function assertGraded(stage: Rehearsal, folder: CustodyFolder): void {
  for (const { id, session, chain } of folder.sessions) {
    if (session.keyLiveAt === null) continue
    const { generation } = session.opened
    const burned = folder.standings.some((standing) => standing.generation === generation && standing.state === 'burned')
    if (!burned) throw new Error(`session ${id} used GENERATION ${generation}, which is not burned; graded ${String(session.grade)}`)
    const fingerprint = folder.generations.find(({ manifest }) => manifest.generation === generation)?.manifest.fingerprint ?? ''
    for (const line of chain.lines) if (line.type === 'graded' && REFUSED.includes(line.grade) && Date.parse(line.at) >= stage.time.start) assertDead(stage, { session: id, fingerprint, at: Date.parse(line.at) })
  }
}

/** Grades that say that the key was refused everywhere. */
const REFUSED: readonly string[] = ['proved', 'refused-only']

/** Throws unless the cloud has what the logbook says was done in it. */
function assertDoneAsRecorded(stage: Rehearsal, { logbook, sessions }: CustodyFolder): void {
  const releases = sessions.flatMap(({ id, warrant: { action } }) => (action.name === 'saas-admin' ? [{ id, enables: action.enable !== null }] : []))
  const newest = releases.at(-1)
  const entry = logbook.lines.findLast((line) => line.type === 'session' && line.session === newest?.id)
  if (entry?.type === 'session' && newest) {
    const { actionResult } = entry
    if (actionResult === 'done') assertReleased(stage, newest.enables)
    else if (actionResult !== 'interrupted' && releases.length === 1) assertReleased(stage, !newest.enables)
  }
  if (isTakenOver(logbook.lines)) assertTakenOver(stage)
}

function generationOf(stage: Rehearsal, session: string | undefined): number {
  const { sessions } = readCustodyFolder(stage.custody)
  return sessions.find(({ id }) => id === session)?.session.opened.generation ?? 0
}

function firstUnused(stage: Rehearsal): number {
  return readCustodyFolder(stage.custody).standings.find(({ state }) => state === 'waiting')?.generation ?? 0
}
