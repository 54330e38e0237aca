/** Where a custody stands today: what a manager needs to hear first. Pure. */
import { canBeOpened, hasLeft, inUse, isInstalled, isLeftByTakeover, isSpent, isUsable, successorsOf, type GenerationEvent, type SheetSet, type Standing } from '../custody/generation.js'
import type { Custodian } from '../custody/custody-yaml.js'
import { DAY_MS, dueDates, SUCCESSORS, type DueDates } from './due.js'
import type { LogbookEntry } from './logbook.js'
import { maySupersede, openSessions, type Told } from './open-sessions.js'
import { wasListedLast } from './recognise.js'
import { isSettled } from './replay.js'
import { acceptingRegions, nextBy, wayOn } from './way-on.js'

/** One thing to say, most urgent first. */
export interface Remark {
  level: 'alarm' | 'warn'
  /** Whether a session could not begin, or could not be recombined, because of it. */
  stops: boolean
  text: string
}

/** Where a custody stands. */
export interface CustodyStanding {
  rehearsal: boolean
  inUse: Standing | null
  waiting: number[]
  /** Generations that were used and are not proved dead, and for each what comes next. */
  unproved: { generation: number; next: string }[]
  remarks: Remark[]
  /** Whole days since the last real drill; null when there was none. */
  daysSinceDrill: number | null
  drillDueInDays: number
  /** Whole days until the next inspection of a bag; negative: overdue; null: there is nothing to look at. */
  inspectionDueInDays: number | null
  /** The same for the custodians' acknowledgements. */
  acknowledgementDueInDays: number | null
  /** The dates themselves, for a calendar. */
  due: DueDates
  next: string
}

/** What it is judged from. */
export interface Known {
  rehearsal: boolean
  standings: readonly Standing[]
  events: readonly GenerationEvent[]
  logbook: readonly LogbookEntry[]
  sessions: readonly Told[]
  /** The sheets of each generation, as sealed. */
  sheets: readonly SheetSet[]
  /** As custody.yaml lists them. */
  custodians: readonly Custodian[]
  drillEveryDays: number
  inspectEveryDays: number
  now: Date
}

function openRemark({ id, session }: Told): string {
  if (isSettled(session)) return `session ${id} is not entered in the logbook`
  return `session ${id} has not come to its end${session.keyLiveAt === null ? '' : `: the key of GENERATION ${session.opened.generation} may be alive`}`
}

/** Judges. Anything exposed or not proved dead comes first and makes an alarm. */
export function custodyStanding(known: Known): CustodyStanding {
  const current = inUse(known.standings, known.events) ?? null
  const waiting = successorsOf(known.standings, current?.generation ?? 0)
  const open = openSessions(known)
  const unproved = known.standings.filter(({ state }) => state === 'not proved dead').map(({ generation }) => ({ generation, next: nextAfterUse(generation, known) }))
  const unsealed = unsealedGenerations(known)
  const absent = absentGenerations(known)
  const left = leftByTakeover(known)
  const halfway = known.events.some(({ kind }) => kind === 'installed') && !isTakenOver(known.logbook)
  // What an action with the key in use would not wait for holds nobody up.
  const stops = (told: Told): boolean => !maySupersede(known, told, current && { generation: current.generation, rotates: false })
  const blocking = [
    ...open.filter(stops).map(openRemark),
    ...(current && current.margin < 0 ? [`GENERATION ${current.generation} is in use and can no longer be recombined: too many sheets are gone. An administrator gives its user a bootstrap API key, and glasskey takeover installs the next generation`] : []),
  ]
  const alarms = [
    ...open.filter((told) => !stops(told)).map(openRemark),
    ...(current && !isInstalled(current.generation, known.events) ? [`GENERATION ${current.generation} is in OCI, and no session of this folder installed it: another copy of the folder has a newer record; find it, and use that one`] : []),
    ...(current?.state === 'retired' ? [`GENERATION ${current.generation} is in use, and was given up (logbook add retired): rotate it`] : []),
    ...(halfway ? [`${takeoverSoFar(known)}: other ways in than the API key may be open`] : []),
    ...unsealed.map((generation) => `GENERATION ${generation} is in the folder and in no logbook entry: its import did not come to its end. If its outbox is lost: glasskey logbook add retired`),
    ...absent.map((generation) => `GENERATION ${generation} is in the logbook and not in the folder: glasskey ceremony import brings it back from the outbox of its ceremony; or fetch an untouched copy`),
    ...unproved.map(({ generation }) => `GENERATION ${generation} was used and is not proved dead`),
    ...known.standings.filter(({ state }) => state === 'exposed').map(({ generation }) => `GENERATION ${generation} is exposed: a quorum of its shares was seen${current && generation !== current.generation ? '; glasskey logbook add retired' : ''}`),
    ...left.filter(({ isUsable }) => !isUsable).map(({ text }) => text),
    ...known.standings.filter(({ state, margin, generation }) => state === 'waiting' && margin < 0 && generation > (current?.generation ?? 0)).map(({ generation }) => `GENERATION ${generation} waits and can no longer be recombined, too many sheets are gone: it is passed over`),
    ...(current && waiting.length < SUCCESSORS && absent.length === 0 ? [`only ${waiting.length} of ${SUCCESSORS} successors ${waiting.length === 1 ? 'waits' : 'wait'}: plan the next ceremony`] : []),
  ]
  const due = dueDates(known, waiting.length)
  const drillDueInDays = daysUntil(due.drill, known.now) ?? known.drillEveryDays
  const inspectionDueInDays = daysUntil(due.inspection, known.now)
  const acknowledgementDueInDays = daysUntil(due.acknowledgement, known.now)
  const used = undestroyed(known)
  const warnings = [
    ...left.filter(({ isUsable }) => isUsable).map(({ text }) => text),
    ...(current && current.margin === 0 ? [`GENERATION ${current.generation} has no margin: every custodian left is needed`] : []),
    ...(used.length === 0 ? [] : [`used sheets await destruction before a witness: ${used.map(({ generation, left }) => `GENERATION ${generation} (${left} left)`).join(', ')}; glasskey logbook add destroyed`]),
    ...(current ? overdue(drillDueInDays, (days) => `the drill is ${days} overdue`) : []),
    ...overdue(inspectionDueInDays, (days) => `an inspection of bags is ${days} overdue; glasskey logbook add inspected`),
    ...overdue(acknowledgementDueInDays, (days) => `an acknowledgement of a custodian is ${days} overdue (yearly); glasskey forms custodian-acknowledgement`),
  ]
  return {
    rehearsal: known.rehearsal,
    inUse: current,
    waiting: waiting.map(({ generation }) => generation),
    unproved,
    remarks: [
      ...blocking.map((text): Remark => ({ level: 'alarm', stops: true, text })),
      ...alarms.map((text): Remark => ({ level: 'alarm', stops: false, text })),
      ...warnings.map((text): Remark => ({ level: 'warn', stops: false, text })),
    ],
    daysSinceDrill: due.lastDrill ? Math.floor((known.now.getTime() - due.lastDrill.getTime()) / DAY_MS) : null,
    drillDueInDays,
    inspectionDueInDays,
    acknowledgementDueInDays,
    due,
    next: nextStep({ current, waiting, open, all: known.standings, events: known.events, drillDueInDays, unsealed, absent, halfway, unproved }),
  }
}

/** Generations that a takeover installed and nobody has recombined: whether one is to be used yet, and what becomes of it. */
export function leftByTakeover({ standings, events }: Pick<Known, 'standings' | 'events'>): { generation: number; isUsable: boolean; text: string }[] {
  const current = inUse(standings, events)
  const deleted = ((): string => {
    if (current && current.margin >= 0) return 'glasskey break rotate deletes it'
    // One to install, and one to rotate to.
    if (successorsOf(standings, current?.generation ?? 0).length >= 2) return 'glasskey takeover deletes it'
    return 'glasskey takeover deletes it after the next ceremony; until then an administrator can, in OCI\'s console'
  })()
  return standings.filter(({ generation }) => isLeftByTakeover(generation, events)).map(({ generation, state, margin }) => {
    const isUsable = margin >= 0 && state !== 'exposed' && state !== 'retired'
    const what = `a takeover that stopped had installed GENERATION ${generation}`
    return { generation, isUsable, text: isUsable ? `${what}: glasskey takeover goes on with it` : `${what}, which nobody is to use, and so far as this record knows OCI has its key: ${deleted}` }
  })
}

/** Generations whose key is dead and proved so, with the copies that no entry says are destroyed. A lost copy awaits nothing; one in an opened bag does. */
function undestroyed({ standings, sheets, logbook }: Known): { generation: number; left: number }[] {
  return standings.flatMap(({ generation, state }) => {
    const copies = sheets.find((set) => set.generation === generation)?.shares.reduce((sum, share) => sum + share.copies, 0) ?? 0
    const gone = new Set(
      logbook.flatMap((entry) => {
        if (entry.type === 'destroyed' && entry.generation === generation) return entry.copies.map((copy) => `${entry.custodian}/${copy}`)
        return entry.type === 'lost' && entry.generations.includes(generation) ? [`${entry.custodian}/${entry.copy}`] : []
      }),
    )
    return state === 'burned' && gone.size < copies ? [{ generation, left: copies - gone.size }] : []
  })
}

/** Whole days, towards the past: a date of yesterday is one day overdue. */
function daysUntil(date: Date | null, now: Date): number | null {
  return date === null ? null : 0 - Math.floor((now.getTime() - date.getTime()) / DAY_MS)
}

function overdue(days: number | null, say: (days: string) => string): string[] {
  return days !== null && days < 0 ? [say(inDays(-days))] : []
}

function inDays(count: number): string {
  return count === 1 ? '1 day' : `${count} days`
}

/** Generations that no ceremony of the logbook made, and that nobody has given up. */
export function unsealedGenerations({ standings, events }: Pick<Known, 'standings' | 'events'>): number[] {
  const sealed = new Set(events.flatMap((event) => (event.kind === 'sealed' ? [event.generation] : [])))
  return standings.filter(({ generation, state }) => !sealed.has(generation) && !isSpent(state)).map(({ generation }) => generation)
}

/** Generations that a ceremony of the logbook made, and that the folder has lost. */
export function absentGenerations({ standings, events }: Pick<Known, 'standings' | 'events'>): number[] {
  const there = new Set(standings.map(({ generation }) => generation))
  return events.flatMap((event) => (event.kind === 'sealed' && !there.has(event.generation) ? [event.generation] : []))
}

/** Whether the newest takeover that came to anything did all that it is for. A session that is resumed is entered again, but is no newer for that. */
export function isTakenOver(logbook: readonly LogbookEntry[]): boolean {
  const takeovers = logbook.flatMap((entry) => (entry.type === 'session' && entry.action === 'takeover' && entry.grade !== null ? [entry] : []))
  const newest = takeovers.findLast(({ session }, at) => !takeovers.slice(0, at).some((earlier) => earlier.session === session))
  return takeovers.findLast(({ session }) => session === newest?.session)?.actionResult === 'done'
}

/** What the record tells of a takeover that is not done. A copy of the folder from before it may go on with the key that OCI has. */
export function takeoverSoFar({ sessions }: { sessions: readonly Pick<Told, 'session'>[] }): string {
  const began = sessions.some(({ session }) => session.opened.action === 'takeover' && session.keyLiveAt !== null)
  return began ? 'the takeover stopped half-way' : 'no takeover is on record in this copy of the folder'
}

/** What ends a key that was used and is not proved dead: its own session, a rotation away from it, or somebody who looks whether it is gone. */
export function nextAfterUse(generation: number, known: Pick<Known, 'standings' | 'events' | 'logbook' | 'sessions'>): string {
  const { standings: all, events, sessions } = known
  const current = inUse(all, events)
  const waiting = successorsOf(all, current?.generation ?? 0)
  const used = sessions.findLast(({ session }) => session.opened.generation === generation && session.keyLiveAt !== null)
  const unfinished = openSessions(known).find(({ id }) => id === used?.id)
  if (unfinished) return resumption(unfinished, all, events)
  // Nobody rotates blindly what OCI did not accept.
  if (used && used.session.deferred !== null && (current?.margin ?? -1) >= 0 && wayOn(used.session, used.warrant, true) === 'reader') return nextBy('reader', used.id, used.session)
  if (current?.generation === generation) return current.margin < 0 ? replacement(waiting) : rotation(waiting)
  return `glasskey resume --session ${used?.id ?? ''} --reader PROFILE`
}

/** How a session is gone on with. One that was interrupted is looked at first; `staleness` says the same of one whose warrant cannot be followed. */
export function resumption({ id, session, warrant: { successor, ...warrant } }: Told, all: readonly Standing[], events: readonly GenerationEvent[]): string {
  // Only the screen of that day can tell whether a disk lost lines of it; going on without them would be for good.
  if (session.closed === null) return `glasskey resume --session ${id}${session.keyLiveAt === null ? '' : KEPT}`
  if (isSettled(session)) return `glasskey resume --session ${id}`
  const { generation } = session.opened
  const accepted = acceptingRegions(warrant, session.probes).length > 0
  const openable = canBeOpened(all, generation)
  const isThere = wasListedLast(session, warrant.key)
  if (hasLeft(generation, events)) return nextBy(accepted && openable && !isThere ? 'quorum' : 'reader', id, session)
  const current = inUse(all, events)
  const way = wayOn(session, warrant, openable)
  const isAlive = isThere || session.deletion === 'not-sent' || (session.deletion === 'unknown' && accepted && openable)
  // Nothing is signed under a warrant whose successor is not one any more, but to probe what was deleted; nor with a key that too few sheets are left of.
  const isOvertaken = successor !== null && !isUsable(all.find((one) => one.generation === successor.generation), session.successor !== null)
  const isReplaced = current !== undefined && current.generation > generation && current.margin >= 0
  if (isAlive && (openable ? isOvertaken : isReplaced && way !== 'remover')) return rotation(successorsOf(all, current?.generation ?? 0))
  return nextBy(way, id, session)
}

/** What goes with the command for a session that was interrupted. */
const KEPT = ' (and --kept-lines FILE, if the screen named one)'

/** The rotation away from the key in use; what has to come first where nothing waits. */
export function rotation(waiting: readonly unknown[]): string {
  return waiting.length > 0 ? 'glasskey break rotate' : 'a ceremony at once, then glasskey break rotate'
}

/** Nobody can recombine the key in use any more. The takeover installs one, and its exit another. */
function replacement(waiting: readonly Standing[]): string {
  return waiting.length < 2 ? 'a ceremony at once, then glasskey takeover with a new bootstrap key' : 'glasskey takeover with a new bootstrap key'
}

interface Ahead {
  current: Standing | null
  waiting: readonly Standing[]
  open: readonly Told[]
  all: readonly Standing[]
  events: readonly GenerationEvent[]
  drillDueInDays: number
  unsealed: readonly number[]
  absent: readonly number[]
  halfway: boolean
  unproved: CustodyStanding['unproved']
}

function nextStep({ current, waiting, open, all, events, drillDueInDays, unsealed, absent, halfway, unproved }: Ahead): string {
  const [unfinished] = open
  if (unfinished) return resumption(unfinished, all, events)
  if (unsealed.length > 0) return 'glasskey ceremony import, once more'
  // One to install, and one to rotate to.
  if (!current) return waiting.length < 2 ? 'glasskey ceremony' : 'glasskey takeover'
  if (current.margin < 0) return replacement(waiting)
  // Found in OCI, and installed by no session: whoever rotates from a copy that is behind would fork the record.
  if (current.state === 'waiting') return `find the newest copy of this folder, and go on there; or, where GENERATION ${current.generation} was uploaded by hand, as glasskey said: glasskey break rotate`
  if (current.state !== 'in use') return unproved.find(({ generation }) => generation === current.generation)?.next ?? rotation(waiting)
  if (halfway) return waiting.length === 0 ? 'a ceremony at once, then glasskey takeover' : 'glasskey takeover'
  const [behind] = unproved
  if (behind) return behind.next
  const spent = all.find(({ generation, state }) => state === 'exposed' && generation !== current.generation)
  if (spent) return `glasskey logbook add retired --set generation=${spent.generation} --set reason=…`
  if (absent.length > 0) return 'glasskey ceremony import, once more'
  if (waiting.length < SUCCESSORS) return 'plan the next ceremony'
  if (drillDueInDays < 0) return 'glasskey break rotate --drill'
  return `nothing; the next drill is due ${drillDueInDays === 0 ? 'today' : `in ${inDays(drillDueInDays)}`}`
}
