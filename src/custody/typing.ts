/**
 * A share while somebody types it: the groups so far. Pure, and every state is a value of its own; what they mean is read by
 * `typed-header.ts`, and what the checksum thinks of them by `mend` below.
 *
 * Groups can be typed again in any order. A `?` stands for a character that cannot be read. What is not the text of a share
 * but begins as our other codes do (`GKE1/…`, from a scanner that types) is taken as it comes.
 */
import { MOST_UNREADABLE, repaired } from './misread.js'
import { ALPHABET, GROUP, PREFIX } from './share-text.js'

/** Groups of a share's text as printed; the last has one character, or two on a practice sheet. */
export const GROUPS = 21
/** More than the longest code of a page. */
const LONGEST_CODE = 4300
/** For what people type instead: bech32 leaves these four out because they are mistaken for others. */
const LOOKS_LIKE: Record<string, string> = { 1: '7 or L', b: '8 or 6', i: 'J or L', o: '0 (zero) or Q' }

/** The groups so far. Secret. */
export interface Typing {
  /** Lower case; shorter than a group where characters are missing. */
  readonly groups: readonly string[]
  /** Group of the next character, from 0; GROUPS when none is missing. */
  readonly at: number
  /** A code of another kind, or null. */
  readonly code: string | null
}

/** Before the first character. */
export const NOTHING_TYPED: Typing = { groups: Array.from({ length: GROUPS }, () => ''), at: 0, code: null }

/** What was typed is taken up to the first character that cannot be; `complaint` says why it stopped there. */
export function take(typing: Typing, text: string): { typing: Typing; complaint: string | null } {
  let now = typing
  for (const character of text.toLowerCase()) {
    if (/[\s-]/.test(character)) continue
    const complaint = refusal(now, character)
    if (complaint !== null) return { typing: now, complaint }
    now = withCharacter(now, character)
  }
  return { typing: now, complaint: null }
}

/** One character back; from the beginning of a group into the one before it. */
export function erase(typing: Typing): Typing {
  if (typing.code !== null) return { ...typing, code: typing.code.slice(0, -1) || null }
  const at = (typing.groups[typing.at] ?? '') === '' ? Math.max(0, typing.at - 1) : typing.at
  return { ...typing, at, groups: replaced(typing.groups, at, (typing.groups[at] ?? '').slice(0, -1)) }
}

/** To the group before. It keeps its characters until it is typed again. */
export function back(typing: Typing): Typing {
  return { ...typing, at: Math.max(0, typing.at - 1) }
}

/** To the next group, as far as something was typed. */
export function forward(typing: Typing): Typing {
  return typing.groups[typing.at] === '' ? typing : { ...typing, at: Math.min(GROUPS, typing.at + 1) }
}

/** To a group, from 0. */
export function goTo(typing: Typing, at: number): Typing {
  return { ...typing, at }
}

/** Whether nothing is missing. */
export function isComplete(typing: Typing): boolean {
  return typing.code !== null || typing.groups.every((group, at) => group.length === groupSize(typing, at))
}

/** Whether there is anything yet. */
export function isBegun(typing: Typing): boolean {
  return typing.code !== null || typing.groups.some((group) => group !== '')
}

/** The text, upper case. Secret. */
export function textOf(typing: Typing): string {
  return (typing.code ?? typing.groups.join('')).toUpperCase()
}

/** Characters of a group, from 0. */
export function groupSize(typing: Typing, at: number): number {
  if (at < GROUPS - 1) return GROUP
  return typing.groups[0] === `${PREFIX.rehearsal}1` ? 2 : 1
}

/** What a complete text is: right, or with a repair that is to be compared with the paper, or beyond telling. */
export type Mended =
  | { found: 'right' }
  /** Groups that differ, from 0, and the text as it would be right. */
  | { found: 'repair'; groups: number[]; repair: Typing }
  | { found: 'too many' }

/** Holds a complete text against its checksum. The repair is only an offer. */
export function mend(typing: Typing): Mended {
  const [prefix = '', ...rest] = typing.groups.join('').split('1')
  const typed = rest.join('1')
  const symbols = Array.from(typed, (character) => (character === '?' ? null : ALPHABET.indexOf(character)))
  const right = repaired(prefix, symbols)?.map((symbol) => ALPHABET.charAt(symbol)).join('')
  if (right === undefined) return { found: 'too many' }
  if (right === typed) return { found: 'right' }
  const repair = { ...typing, groups: inGroupsOf(`${prefix}1${right}`) }
  return { found: 'repair', repair, groups: typing.groups.flatMap((group, at) => (group === repair.groups[at] ? [] : [at])) }
}

/** The groups of a text. */
function inGroupsOf(text: string): string[] {
  return Array.from({ length: GROUPS }, (_, at) => text.slice(at * GROUP, (at + 1) * GROUP))
}

/** Why a character cannot stand where it would go, or null. */
function refusal(typing: Typing, character: string): string | null {
  const begins = `The text of a share begins with ${PREFIX.real.toUpperCase()}1 or ${PREFIX.rehearsal.toUpperCase()}1.`
  if (typing.code !== null) {
    if (typing.code.length >= LONGEST_CODE) return 'No code is as long as that.'
    return /[a-z0-9/]/.test(character) ? null : `"${shown(character)}" is in none of our codes.`
  }
  if (typing.at >= GROUPS) return `All ${GROUPS} groups are there: press Enter.`
  const group = typing.groups[typing.at] ?? ''
  const place = group.length >= groupSize(typing, typing.at) ? 0 : group.length
  if (typing.at === 0) {
    const beginning = (place === 0 ? '' : group) + character
    // Once a share was begun, no other code can come of it.
    const shape = typing.groups[1] === '' ? /^(g|gk|gk1|gk1[02-9ac-hj-np-z]|gk[a-z]|gk[a-z]1|gk[a-z]r)$/ : /^(g|gk|gk1|gk1[02-9ac-hj-np-z]|gkr|gkr1)$/
    return shape.test(beginning) ? null : begins
  }
  if (isOtherCode(typing)) return character === (needsOne(typing) ? '1' : '/') ? null : begins
  if (character === '?') {
    const others = typing.groups.join('').split('?').length - 1 - (place === 0 ? group.split('?').length - 1 : 0)
    return others < MOST_UNREADABLE ? null : `More than ${MOST_UNREADABLE} characters that cannot be read cannot be told by the checksum. Use another copy, or another custodian's sheet.`
  }
  if (ALPHABET.includes(character)) return null
  const instead = LOOKS_LIKE[character]
  return `"${shown(character)}" in group ${typing.at + 1} is never used on a sheet${instead === undefined ? '' : `; is it ${instead}?`}`
}

function withCharacter(typing: Typing, character: string): Typing {
  if (typing.code !== null) return { ...typing, code: typing.code + character }
  if (character === '/' && isOtherCode(typing)) return { ...typing, code: `${typing.groups.join('')}/` }
  const group = typing.groups[typing.at] ?? ''
  const kept = group.length >= groupSize(typing, typing.at) ? '' : group
  const groups = replaced(typing.groups, typing.at, kept + character)
  const next = { ...typing, groups }
  // As the first group says, the last has one character or two.
  const last = GROUPS - 1
  if (typing.at === 0) next.groups = replaced(groups, last, (groups[last] ?? '').slice(0, groupSize(next, last)))
  if (kept.length + 1 < groupSize(next, typing.at)) return next
  return { ...next, at: missing(next, typing.at + 1) ?? missing(next, 0) ?? GROUPS }
}

/** The first group from `from` on that is not full. */
function missing(typing: Typing, from: number): number | undefined {
  const found = typing.groups.findIndex((group, at) => at >= from && group.length < groupSize(typing, at))
  return found < 0 ? undefined : found
}

/** `GKE1` and its like, or `GKSR1` of a rehearsal, which a `/` follows. */
function isOtherCode({ groups, at }: Typing): boolean {
  const [first = '', second = ''] = groups
  if (at !== 1) return false
  return /^gk[a-z]r$/.test(first) ? second === '' || second === '1' : second === '' && /^gk[a-z]1$/.test(first) && first !== `${PREFIX.rehearsal}1`
}

/** `GKSR`, whose `1` is in the second group. */
function needsOne({ groups }: Typing): boolean {
  return /^gk[a-z]r$/.test(groups[0] ?? '') && groups[1] === ''
}

function replaced(groups: readonly string[], at: number, by: string): string[] {
  return groups.map((group, place) => (place === at ? by : group))
}

/** What a terminal could obey is named by its code point. */
function shown(character: string): string {
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return character.toUpperCase()
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
