/** The call before a session: who makes a quorum, what to bring, what will be asked. No secret, no network, nothing written in the folder. */
import type { CustodyFolder } from '../host/custody-folder.js'
import { hexToWords } from '../custody/words.js'
import { nextIn } from '../host/printed-command.js'
import type { SummonsCall, SummonsContent } from '../paper/forms/summons.js'
import { callOrder } from '../record/calling.js'
import { heldCopies } from '../record/copies.js'
import { maySupersede, openSessions, type Beginning } from '../record/open-sessions.js'
import { resumption } from '../record/standing.js'
import { purpose, type Action } from '../warrant/warrant.js'
import { chooseSuccessor, generationFor, planWarrant, type Request } from './open-session.js'

/** What is known of the session to come. Null: not yet; it stays a blank on the page. */
export interface Foreseen {
  action: Action | null
  drill: boolean
  operator: string | null
  operatorUser: string | null
  incident: string | null
  useCase: string | null
  authorisedBy: string | null
  reason: string | null
  minutes: number | undefined
  to: number | undefined
  generation: number | undefined
  deferRotation: boolean
}

/** A summons, and what may be told to scripts: numbers of custodians, never how they are reached. */
export interface Summons {
  content: SummonsContent
  generation: number
  keyId: string
  threshold: number
  /** In the order in which they are called. */
  custodians: number[]
  /** Those of them for whom no telephone number is on file. */
  unreachable: number[]
}

/**
 * Draws up the page. Where everything is known, the warrant is held against the sealed rules first: nobody is woken for
 * what would be refused. Throws GENERATION_NOT_IN_USE, RULES_REFUSED, NO_SUCCESSOR.
 */
export function drawUpSummons(folder: CustodyFolder, foreseen: Foreseen, now: Date): Summons {
  const { custody } = folder
  const generation = generationFor(folder, foreseen.generation)
  const { manifest, rules } = generation
  const request = requestOf(foreseen)
  if (request) planWarrant(folder, generation, request, { exceptions: [] }, now)
  const successor = chooseSuccessor(folder, manifest.generation, foreseen)
  const held = heldCopies(custody.custodians, folder.logbook.lines, folder.events, manifest.generation)
  const order = callOrder(manifest, held)
  const probes = rules.probes
  return {
    generation: manifest.generation,
    keyId: manifest.keyId,
    threshold: manifest.threshold,
    custodians: order.map(({ custodian }) => custodian),
    unreachable: order.filter(({ copies }) => copies.every(({ phone }) => phone === null)).map(({ custodian }) => custodian),
    content: {
      rehearsal: manifest.rehearsal,
      drill: foreseen.drill,
      owner: custody.owner.team,
      contact: custody.owner.contact,
      drawn: now.toISOString(),
      generation: manifest.generation,
      keyId: manifest.keyId,
      keyWords: hexToWords(manifest.keyId),
      threshold: manifest.threshold,
      remarks: [
        ...inTheWay(folder, { generation: manifest.generation, rotates: foreseen.action?.name === 'rotate' }),
        ...(order.length < manifest.threshold ? [`only ${order.length} custodians have a good sheet of GENERATION ${manifest.generation}, and ${manifest.threshold} are needed.`] : []),
        ...(successor ? [] : ['no generation waits: the key stays installed, and each custodian must consent to that.']),
      ],
      calls: order.flatMap(({ custodian, name, copies }, at) =>
        copies.map((copy, nth): SummonsCall => ({
          order: nth === 0 ? at + 1 : null,
          name,
          holder: copy.holder ?? (nth === 0 ? name : 'somebody not named yet'),
          phone: copy.phone,
          bag: copy.bag,
          place: copy.place,
          notes: [...copy.outdated, ...twoShares(copy.holder, custodian, custody.custodians)],
        })),
      ),
      action: foreseen.action ? purpose(foreseen.action) : null,
      targets: targetsOf(foreseen.action),
      incident: foreseen.incident,
      reason: foreseen.reason,
      operator: foreseen.operator,
      authorisedBy: foreseen.authorisedBy,
      useCase: foreseen.useCase === null ? null : (rules.useCases.find(({ id }) => id === foreseen.useCase)?.title ?? foreseen.useCase),
      minutes: foreseen.minutes ?? rules.warrant.defaultMinutes,
      successor: successor ? `generation ${successor.generation} is installed` : 'no successor is installed',
      successorBag: successor && readsFromBags(folder, manifest.generation, successor.spkiSha256) ? successor.generation : null,
      proofMinutes: Math.ceil((probes.confirmAfterSeconds + 3 * probes.intervalSeconds) / 60) + 1,
    },
  }
}

/** Sessions that have to be resumed before this one begins, and how. */
function inTheWay(folder: CustodyFolder, next: Beginning): string[] {
  const known = { ...folder, logbook: folder.logbook.lines }
  const open = openSessions(known).filter((told) => !maySupersede(known, told, next))
  return open.map((told) => `session ${told.id} has not come to its end: ${nextIn(resumption(told, folder.standings, folder.events), folder.path)}`)
}

/** The whole request, where nothing of it is missing. */
function requestOf({ action, drill, operator, operatorUser, incident, useCase, authorisedBy, reason, minutes, to, generation, deferRotation }: Foreseen): Request | null {
  if (action === null || operator === null || operatorUser === null || incident === null || useCase === null || authorisedBy === null || reason === null) return null
  return { action, drill, operator: { name: operator, user: operatorUser }, incident, useCase, authorisedBy, reason, minutes, to, generation, deferRotation, endpoints: {} }
}

function targetsOf(action: Action | null): { what: string; value: string }[] {
  return action?.name === 'saas-admin' ? [{ what: 'Database', value: action.database }] : []
}

/** Whether the successor is not the one that was sealed with the key: then custodians confirm it by the words on their bags. */
function readsFromBags({ generations }: CustodyFolder, used: number, successorSpkiSha256: string): boolean {
  return generations.find(({ manifest }) => manifest.generation === used)?.manifest.successor?.spkiSha256 !== successorSpkiSha256
}

function twoShares(holder: string | null, custodian: number, custodians: CustodyFolder['custody']['custodians']): string[] {
  const own = custodians.find((one) => one.name === holder)
  return own && own.number !== custodian ? [`is custodian ${own.number} too: one person, one share`] : []
}

/** The same page for the terminal. */
export function summonsText(content: SummonsContent): string {
  const blank = '…'
  const calls = content.calls.flatMap(({ order, holder, name, phone, bag, place, notes }) => [
    `  ${order === null ? '   or' : `${String(order).padStart(2)}.`} ${holder}${holder === name ? '' : order === null ? `, deputy for ${name}` : `, for ${name}`}: ${phone ?? 'no number on file'}`,
    `        bag ${bag ?? `marked GENERATION ${content.generation}`}${place === null ? '' : `, ${place}`}`,
    ...notes.map((note) => `        (${note})`),
  ])
  return [
    `${content.rehearsal ? 'REHEARSAL ' : ''}${content.drill ? 'DRILL ' : ''}SUMMONS: call ${content.threshold} of these. They bring, closed, ONLY ${content.successorBag === null ? `the bag of GENERATION ${content.generation}` : `two bags: of GENERATION ${content.generation}, and of GENERATION ${content.successorBag}, which stays closed`}.`,
    `Key ${content.keyId}, ${content.keyWords}`,
    ...(content.successorBag === null ? [] : [`Of the bag of GENERATION ${content.successorBag} only the 16 words on the outside are asked for.`]),
    ...content.remarks.map((remark) => `FIRST: ${remark}`),
    '',
    ...calls,
    '',
    `Stop at ${content.threshold}. Two copies of one share count once.`,
    '',
    'Say, and let them write it down:',
    `  For            ${content.action ?? blank}`,
    ...content.targets.map(({ what, value }) => `  ${what.padEnd(15)}${value}`),
    `  Incident       ${content.incident ?? blank}`,
    `  Reason         ${content.reason ?? blank}`,
    `  Operator       ${content.operator ?? blank}`,
    `  Authorised by  ${content.authorisedBy ?? blank}`,
    `  Use case       ${content.useCase ?? blank}`,
    '  The warrant, with its four code words, exists when the session opens; they read it on the screen there.',
    `Bring: the closed ${content.successorBag === null ? 'bag' : 'bags'}, a passport or badge, the custody log. The caller: paper book, witness, scanner or camera.`,
    `Then: bags looked at (10 min); warrant read, words typed, sheet scanned (2 min each); key live (seconds where OCI answers at once; the action ${content.minutes} min at most, the deletion up to 15 more if OCI fails), ${content.successor}; proved dead (${content.proofMinutes} min).`,
    `Each may refuse without a reason, and raise the alarm: ${content.contact}`,
  ].join('\n')
}
