/** What a session leaves behind, for people and scripts: break, takeover and resume end alike. */
import type { SessionResult } from '../breakglass/conclude.js'
import { printSession, type PrintedSession } from '../breakglass/print-session.js'
import { IMPORTED_ELSEWHERE } from '../breakglass/proof.js'
import { withoutStop } from '../custody/fields.js'
import { EXIT, EXIT_CODES, GlasskeyError } from '../errors.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { say, shellWord, toned } from '../host/terminal.js'
import { SUCCESSORS } from '../record/due.js'
import { strangersIn } from '../record/recognise.js'
import { acceptedOnly, actionOf, isSaasChange, unansweredChanges } from '../record/replay.js'
import { leftByTakeover, rotation, type CustodyStanding } from '../record/standing.js'
import { nextBy } from '../record/way-on.js'
import type { Outcome, Problem } from './outcome.js'
import { inFolder, nextIn } from '../host/printed-command.js'
import { standingOf } from './status.js'

/** Prints entry and slips, and says what to do next. How the session ended outweighs paper that could not be had. `sheetFiles`: what shares were read from. `bootstrapKeyFile`: where a takeover's profile has its key. */
export async function sessionOutcome(folder: string, result: SessionResult, printer: string | undefined, sheetFiles: readonly string[] = [], bootstrapKeyFile: string | null = null): Promise<Outcome> {
  const printed = await printSession(folder, result, printer)
  const { warrant, state, grade, failure } = result
  const isTaken = warrant.action.name === 'takeover' && actionOf(state).result === 'done'
  const json = {
    session: result.session,
    action: warrant.action.name,
    rehearsal: warrant.rehearsal,
    generation: warrant.key.generation,
    keyId: warrant.key.keyId,
    successor: state.successor ? { generation: state.successor.generation, keyId: state.successor.keyId } : null,
    actionResult: actionOf(state).result,
    actionDetail: actionOf(state).detail,
    refusals: state.refusals.map(({ reason }) => reason),
    grade,
    strangersKeys: strangersOf(result),
    secondsLive: state.secondsLive,
    logbook: result.logbook,
    entryFile: printed.entry,
    slipsFile: printed.slips,
    affidavitFile: printed.affidavit,
    drillRecordFile: printed.drillRecord,
    evidenceFile: printed.evidence,
    bootstrapKeyFile: isTaken ? bootstrapKeyFile : null,
  }
  const read = tryRead(folder)
  const standing = read && standingOf(read)
  const text = closing(folder, result, printed, standing)
  const unprinted = printed.failure && notOnPaper(folder, result, printed.failure)
  const problem = failure && { code: failure.code, message: failure.message, hint: inFolder(failure.hint, folder) }
  if (unprinted) sayProblem(unprinted)
  if (sheetFiles.length > 0) sayLeft(sheetFiles, result)
  if (isTaken) say(`The bootstrap key is deleted in OCI. Destroy its file too${bootstrapKeyFile === null ? '.' : `: ${bootstrapKeyFile}`}`, 'strong')
  const earlier = result.alive ? null : leftEarlier(folder, standing)
  // What only says that it was stopped: nobody is left without the command that goes on.
  if (problem) sayProblem(result.alive && problem.hint === '' ? { ...problem, hint: commandFor(folder, result, standing) } : problem)
  if (!result.alive) {
    const error = (earlier && beside(earlier, problem)) ?? problem ?? unprinted
    if (earlier && error && !problem) sayProblem(error)
    return { json, text: [text, harmless(result, earlier !== null), exposed(folder, result, standing), installed(folder, result, read, standing), exposedBesides(read, result, standing), earlier && error ? loud(earlier, error) : ''].filter((part) => part !== '').join('\n'), ...(error ? { error } : {}) }
  }
  // Nobody goes on in a folder that the paper contradicts.
  const elsewhere = problem?.code === 'FOLDER_ALTERED'
  const next = elsewhere ? problem.hint : commandFor(folder, result, standing)
  const error = alive(result, problem, next)
  if (!problem) sayProblem(error)
  return { json, text: `${text}\n${toned(`THE KEY OF GENERATION ${warrant.key.generation} IS NOT PROVED DEAD. ${elsewhere ? 'Go on as said above, in an untouched copy of the folder.' : `Now: ${next}`}`, 'alarm', process.stdout)}`, error }
}

/** A key that an earlier session used and that is not proved dead: however this one ended, that comes last, with the command that goes on. */
function leftEarlier(folder: string, standing: CustodyStanding | null): Problem | null {
  const [left] = standing?.unproved ?? []
  if (!left) return null
  return { code: 'KEY_NOT_PROVED_DEAD', message: `the key of GENERATION ${left.generation}, which an earlier session used, is not proved dead`, hint: nextIn(left.next, folder) }
}

/** The same with what this session's own problem was. Nobody goes on in a folder that does not verify: then that comes first. */
function beside({ code, message, hint }: Problem, problem: Problem | null): Problem {
  if (!problem) return { code, message, hint }
  return { code, message: `${message}; and this one: ${problem.code}: ${problem.message}`, hint: EXIT_CODES[problem.code] === EXIT.unverified ? problem.hint : hint }
}

/** How a key that an earlier session left ends what is said. */
function loud({ message }: Problem, { hint }: Problem): string {
  return toned(`${message.toUpperCase()}. Now: ${hint}`, 'alarm', process.stdout)
}

/** The folder as it is now; null where it cannot be read any more, which `printSession` says. */
function tryRead(folder: string): CustodyFolder | null {
  try {
    return readCustodyFolder(folder)
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return null
  }
}

/** Scans and typed shares lie where people put them, and outlive the session. Until it has come to its end, a quorum may have to sign once more. */
function sayLeft(files: readonly string[], { warrant, grade, alive, wayOn, state }: SessionResult): void {
  if (state.sharesSeen.length + state.sharesRefused.length === 0) return
  const remove = `shred -u ${files.map(shellWord).join(' ')}`
  if (warrant.rehearsal) say(`Files that were named for practice shares: ${files.length}. In a real session those that have one are removed now: ${remove}`)
  else if (alive && wayOn !== 'rotate') say(`Files that shares were read from still hold them, of a key that is not proved dead. Look at each, and remove those that have one as soon as the session has come to its end: ${remove}`, 'alarm')
  else say(`Files that shares were read from still hold them${grade === null || grade === 'unproved' ? ', of a key that is not proved dead' : ''}. Look at each, and remove those that have one now: ${remove}`, grade === null || grade === 'unproved' ? 'alarm' : 'strong')
}

/** The command that goes on, with what people must bring; where nothing waits to rotate to, what comes before it. */
function commandFor(folder: string, { session, wayOn, state }: SessionResult, standing: CustodyStanding | null): string {
  return nextIn(wayOn === 'rotate' && standing ? rotation(standing.waiting) : nextBy(wayOn, session, state), folder)
}

/** The error of a session whose key may be alive: exit 6, whatever else went wrong in it. */
function alive({ warrant }: SessionResult, problem: Problem | null, next: string): Problem {
  if (problem && EXIT_CODES[problem.code] === EXIT.unproved) return problem
  const why = problem ? `: ${problem.code}: ${problem.message}` : ''
  return { code: 'KEY_NOT_PROVED_DEAD', message: `the key of GENERATION ${warrant.key.generation} is not proved dead${why}`, hint: next }
}

function notOnPaper(folder: string, { logbook }: SessionResult, { code, message }: GlasskeyError): Problem {
  return { code, message: `the session is over and entered, and not all of it is on paper: ${message}`, hint: `Mend that. Then the entry: glasskey logbook print ${logbook} --custody ${shellWord(folder)} --out FILE; release slips are filled in by hand.` }
}

function sayProblem({ code, message, hint }: Problem): void {
  say(`${code}: ${message}`, 'alarm')
  if (hint !== '') say(hint)
}

/** What `takeover` and `resume` say when there is nothing to do for them: all that was found, and a key that is not proved dead all the same. */
export function nothingToDo(folder: string, found: string[], text: string): Outcome {
  const json = { session: null, found }
  const read = tryRead(folder)
  const left = leftEarlier(folder, read && standingOf(read))
  if (!left) return { json, text }
  sayProblem(left)
  return { json, text: `${text}\n${loud(left, left)}`, error: left }
}

/** What a session that ended before a key was live leaves behind. `besides`: an earlier one left a key. */
function harmless({ state, warrant }: SessionResult, besides: boolean): string {
  if (state.keyLiveAt !== null) return ''
  const seen = new Map([[warrant.key.generation, new Set(state.sharesSeen)]])
  // A sheet that was refused, and is genuine all the same, was read by this machine.
  for (const { generation, custodian } of state.sharesRefused) {
    if (generation !== undefined && custodian !== undefined) seen.set(generation, (seen.get(generation) ?? new Set()).add(custodian))
  }
  const sentences = [...seen].filter(([, custodians]) => custodians.size > 0).map(([generation, { size }]) => `${size} of the shares of GENERATION ${generation} ${size === 1 ? 'was read and counts' : 'were read and count'} as seen`)
  const elsewhere = state.askedElsewhere ? ' here. Custodians elsewhere may have had theirs read by glasskey share send: ask them, and enter it (glasskey logbook add inspected, seenOnline)' : ''
  return `No key was live${besides ? ' in this session' : ''}. ${sentences.length === 0 ? 'No share was read' : sentences.join('; ')}${elsewhere}. Close the bags again before a witness.`
}

/** A quorum of the generation was seen, in this session or in several: whoever has that can use it. */
function exposed(folder: string, { state, warrant }: SessionResult, standing: CustodyStanding | null): string {
  if (state.keyLiveAt !== null || standing?.inUse?.state !== 'exposed' || standing.inUse.generation !== warrant.key.generation) return ''
  return toned(`GENERATION ${warrant.key.generation} IS EXPOSED: a quorum of its shares was seen. Now: ${nextIn(standing.next, folder)}`, 'alarm', process.stdout)
}

/** A takeover that stopped after it had installed its key: OCI has that, and who has a quorum of its shares can use it. */
function installed(folder: string, { state, warrant: { key } }: SessionResult, read: CustodyFolder | null, standing: CustodyStanding | null): string {
  const left = state.keyLiveAt === null && read && standing ? leftByTakeover(read).find(({ generation }) => generation === key.generation) : undefined
  if (!left || !read || !standing) return ''
  const has = state.installedHere ? 'OCI has' : 'so far as this record knows, OCI has'
  if (left.isUsable) return `Nobody has recombined the key of GENERATION ${key.generation}, and ${has} it: glasskey takeover goes on with it.`
  const is = read.standings.find(({ generation }) => generation === key.generation)?.state === 'exposed' ? `IS EXPOSED: a quorum of its shares was seen, and ${has} its key` : `IS NOT TO BE USED, and ${has} its key`
  return toned(`GENERATION ${key.generation} ${is}. Now: ${nextIn(standing.next, folder)}`, 'alarm', process.stdout)
}

/** Generations whose sheets were shown by mistake, a quorum of them: one that waits is no successor any more, and the one in use now is rotated. */
function exposedBesides(folder: CustodyFolder | null, { state, warrant }: SessionResult, standing: CustodyStanding | null): string {
  if (!folder) return ''
  const shown = new Set(state.sharesRefused.map(({ generation }) => generation))
  const lost = folder.standings.filter((one) => one.state === 'exposed' && one.generation !== warrant.key.generation && shown.has(one.generation))
  const next = (generation: number): string => (generation === standing?.inUse?.generation ? 'glasskey break rotate' : `glasskey logbook add retired --set generation=${generation} --set reason=…`)
  return lost.map(({ generation }) => toned(`GENERATION ${generation} IS EXPOSED: a quorum of its shares was shown by mistake. Now: ${nextIn(next(generation), folder.path)}`, 'alarm', process.stdout)).join('\n')
}

/** How people find out what the tool cannot any more: the key that could have asked is dead. */
function toAsk({ session, alive, wayOn }: SessionResult, line: number): string {
  if (alive && wayOn !== 'rotate') return 'It is read when the session is resumed.'
  return `Look at the database in OCI's console, then enter what you found: glasskey logbook add exception --set step="session ${session}, line ${line}" …`
}

/** What remains to be done about a takeover that did not come through: the key in use is the custodians', and other ways in may be open. */
function unfinished(folder: string, { alive, failure }: SessionResult, { inUse, next }: CustodyStanding): string[] {
  if (alive || !next.includes('glasskey takeover')) return []
  if (!inUse || inUse.margin < 0) return [`Next${failure ? ', once what is named above is mended' : ''}: ${inUse ? next : `glasskey takeover --custody ${shellWord(folder)} …`}`]
  return [toned(`THE TAKEOVER IS NOT FINISHED: other ways in than the API key may be open. Now: ${nextIn(next, folder)} (a quorum of GENERATION ${inUse.generation})`, 'alarm', process.stdout)]
}

/** Keys of strangers that a login saw on the user. */
const strangersOf = ({ warrant, state: { listings, closed } }: SessionResult): string[] => strangersIn(listings, warrant.action.name, closed?.exitCode === 0)

/** Whether the last login that looked saw a key of this folder. */
function hasOurs({ state: { listings } }: SessionResult): boolean {
  return listings.at(-1)?.keys.some(({ generation, lifecycleState }) => generation !== null && lifecycleState === 'ACTIVE') ?? true
}

function closing(folder: string, result: SessionResult, printed: PrintedSession, standing: CustodyStanding | null): string {
  const { warrant, state, grade } = result
  const dead = grade !== null && grade !== 'unproved'
  const lines = [
    `Logbook entry ${result.logbook}${printed.entry === null ? '' : `: ${printed.entry}`}`,
    ...(printed.slips === null ? [] : [`Slips for the custodians: ${printed.slips}`]),
    `Evidence: ${printed.evidence}`,
    ...(printed.drillRecord === null ? [] : [`Drill record, with the times measured: ${printed.drillRecord}`]),
    ...unansweredChanges(state).filter(({ intent }) => isSaasChange(intent)).map(({ intent, outcome }) => toned(`NOT KNOWN: whether "${intent.rule}" happened; OCI ${outcome?.type === 'outcome' ? `answered ${outcome.status}` : 'never answered'}. ${toAsk(result, intent.seq)}`, 'alarm', process.stdout)),
    ...acceptedOnly(state).map(({ intent }) => toned(`NOT YET: OCI accepted "${intent.rule}", and it was not in force when it was last read. It may still come: look at the database in OCI's console.`, 'alarm', process.stdout)),
    ...notDone(result).map((text) => toned(text, 'alarm', process.stdout)),
    ...strangersOf(result).map((fingerprint) => toned(`A STRANGER'S KEY: the user has API key ${fingerprint}, which no manifest of this folder names. ${hasOurs(result) ? 'Find out who put it there; an administrator deletes it.' : `None of ours is listed: before anybody deletes it, find out whose it is. ${IMPORTED_ELSEWHERE}`}`, 'alarm', process.stdout)),
    ...(dead ? [`Next: destroy the used sheets of GENERATION ${warrant.key.generation} before a witness (glasskey logbook add destroyed)${printed.affidavit === null ? '' : `; to sign: ${printed.affidavit}`}.`] : []),
    ...(grade === 'unproved' && !result.alive ? [`Another session proved the key dead. For the auditor's word on this one too: glasskey resume --custody ${shellWord(folder)} --session ${result.session} --reader PROFILE`] : []),
    ...(standing ? standsNow(folder, result, standing) : [`What is in use now: glasskey status --custody ${shellWord(folder)}, when the folder can be read again.`]),
  ]
  return lines.join('\n')
}

/** An action that came to nothing, where the error does not say so: there is none, or it is about the key. */
function notDone({ state, warrant, failure }: SessionResult): string[] {
  const { result, detail } = actionOf(state)
  if (state.keyLiveAt === null || warrant.action.name === 'rotate' || result === 'done') return []
  if (failure && detail !== '' && failure.message.includes(withoutStop(detail))) return []
  const what = result === 'interrupted' ? 'did not come to its end' : result === 'failed' ? 'was not done' : 'was not begun'
  return [`The action of this session ${what}${detail === '' ? '' : `: ${withoutStop(detail)}`}.`]
}

function standsNow(folder: string, result: SessionResult, standing: CustodyStanding): string[] {
  const { successor } = result.state
  return [
    ...(successor && standing.inUse?.generation === successor.generation ? [`In use now: GENERATION ${successor.generation}, key id ${successor.keyId}. ${standing.waiting.length} more waiting.`] : []),
    ...(standing.inUse && standing.waiting.length < SUCCESSORS && !result.alive ? ['Fewer than two successors wait: plan the next ceremony.'] : []),
    ...unfinished(folder, result, standing),
  ]
}

/** A positive whole number, or USAGE. */
export function wholeNumber(flag: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!Number.isInteger(value) || value < 1) throw new GlasskeyError('USAGE', `--${flag} takes a whole number from 1`)
  return value
}
