/**
 * What the first groups of a share say before anything secret was typed: practice or real (group 1), the key (group 5), the
 * numbers (group 6). Nobody should type 80 characters of the wrong sheet.
 */
import { GlasskeyError } from '../errors.js'
import type { Manifest } from './manifest.js'
import { calledBy, judgeHeader, judgeKind, type Expectation, type ShareHeader } from './share.js'
import { ALPHABET, GROUP, PREFIX, shareToText, VERSION } from './share-text.js'
import { GROUPS, type Typing } from './typing.js'
import { hexToWords } from './words.js'

/** Sheets that are known: how their texts begin, and what is to be said of each. */
export interface KnownSheets {
  /** Groups 1 to 5 of every sheet of a generation. */
  beginnings: readonly { generation: number | null; groups: readonly string[]; refused: GlasskeyError | null }[]
  /** Throws for the wrong kind of sheet. */
  judgeKind: (rehearsal: boolean) => void
  /** Whose sheet it is. Throws for a sheet that is not meant. */
  judge: (header: ShareHeader) => string
}

/** What can be said of what was typed so far. `wrong-sheet`: typing on is of no use. */
export interface Reading {
  level: 'plain' | 'good' | 'look again' | 'wrong sheet'
  text: string
  error?: GlasskeyError
}

/** Groups that a generation's sheets have in common. */
const COMMON_GROUPS = 5
/** From so many groups on, a beginning that fits belongs to that key: 37 bits of the key id were typed. */
const SURE_GROUPS = 3
/** Characters in which a slip differs; another key's sheet differs in nearly all. */
const MOST_SLIPS = 2
/** Bits before key id, threshold, shares and custodian, and after each. */
const BITS = { keyId: 72, threshold: 80, shares: 88, custodian: 96 } as const

/** Known by the folder: one generation is asked for, and of the others it is known what became of them. */
export function knownFor(expectation: Expectation): KnownSheets {
  const { manifest, others } = expectation
  return {
    beginnings: [{ generation: manifest.generation, groups: beginning(manifest), refused: null }, ...others.map((other) => ({
      generation: other.manifest.generation,
      groups: beginning(other.manifest),
      refused: new GlasskeyError('SHARE_OTHER_GENERATION', `this is a sheet of GENERATION ${other.manifest.generation}: ${other.standing}`, `Bring a sheet of GENERATION ${manifest.generation}, key id ${manifest.keyId}.`),
    }))],
    judgeKind: (rehearsal) => {
      judgeKind(rehearsal, manifest)
    },
    judge: (header) => {
      judgeHeader(header, expectation)
      return `the sheet of ${calledBy(manifest, header.custodian)}, GENERATION ${manifest.generation}`
    },
  }
}

/** Known by a folder of which any generation will do. */
export function knownOf(generations: readonly { manifest: Manifest; standing: string }[]): KnownSheets {
  const all = generations.map((generation) => knownFor({ manifest: generation.manifest, others: generations.filter((other) => other !== generation) }))
  const first = all[0]
  if (!first) return UNKNOWN_SHEETS
  return {
    beginnings: all.flatMap(({ beginnings }) => beginnings.slice(0, 1)),
    judgeKind: first.judgeKind,
    judge: (header) => (all[Math.max(0, generations.findIndex(({ manifest }) => manifest.keyId === header.keyId))] ?? first).judge(header),
  }
}

/** Nothing is known: any sheet will do that agrees with itself. */
export const UNKNOWN_SHEETS: KnownSheets = { beginnings: [], judgeKind: () => undefined, judge: (header) => `share ${header.custodian} of ${header.shares}` }

/** Known by a first sheet, when there is no folder: the next must be of its set. */
export function knownLike(first: ShareHeader): KnownSheets {
  const wrong = (what: string): GlasskeyError => new GlasskeyError('SHARE_OTHER_KEY', what, `Give sheets of key ${first.keyId} only.`)
  return {
    beginnings: [{ generation: null, groups: commonGroups(first), refused: null }],
    judgeKind: (rehearsal) => {
      if (rehearsal !== first.rehearsal) throw wrong(rehearsal ? 'this is a practice sheet, and the first one was real' : 'this is a REAL sheet, and the first one was for practice')
    },
    judge: (header) => {
      if (header.keyId !== first.keyId) throw wrong(`the sheet is of key ${header.keyId}, and the first one was of ${first.keyId}`)
      return UNKNOWN_SHEETS.judge(header)
    },
  }
}

/** What the groups say, the most urgent first; null while they say nothing. */
export function readingOf(typing: Typing, known: KnownSheets): Reading | null {
  if (typing.code !== null) return { level: 'plain', text: `A code of page 2: ${typing.code.length} characters so far.` }
  const whole = wholeGroups(typing)
  const header = headerOf(whole)
  if (header.rehearsal === undefined) return null
  try {
    known.judgeKind(header.rehearsal)
    const slip = slipIn(whole, known)
    if (slip) return slip
    const { rehearsal, version, keyId, threshold, shares, custodian } = header
    if (version !== undefined && version !== VERSION) return { level: 'look again', text: `Groups 1 and 2 say format version ${version}, and this glasskey reads ${VERSION}. Compare them with the paper.` }
    if (keyId === undefined || threshold === undefined || shares === undefined || custodian === undefined) return keyRead(header.rehearsal, keyId)
    if (threshold < 2 || threshold > shares || custodian < 1 || custodian > shares) {
      return { level: 'look again', text: `Groups 5 and 6 say custodian ${custodian}, ${threshold} of ${shares}: that cannot be. Compare them with the paper.` }
    }
    const whose = known.judge({ rehearsal, keyId, threshold, shares, custodian })
    return { level: 'good', text: `${rehearsal ? 'Practice: ' : ''}${whose}; ${threshold} of ${shares} needed. Key ${keyId}: ${hexToWords(keyId)}.` }
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return wrongSheet(error)
  }
}

function keyRead(rehearsal: boolean, keyId: string | undefined): Reading {
  const kind = rehearsal ? 'A practice sheet' : 'A real sheet'
  return { level: 'plain', text: keyId === undefined ? `${kind}.` : `${kind}. Key ${keyId}: ${hexToWords(keyId)}.` }
}

function wrongSheet(error: GlasskeyError): Reading {
  return { level: 'wrong sheet', text: `STOP: ${error.message}. ${error.hint}`, error }
}

/** Groups from the first on that are whole and readable. */
function wholeGroups({ groups }: Typing): string[] {
  const end = groups.findIndex((group, at) => at < GROUPS - 1 && (group.length < GROUP || group.includes('?')))
  return groups.slice(0, end < 0 ? GROUPS - 1 : end)
}

type SoFar = { version?: number | undefined } & { [Name in keyof ShareHeader]?: ShareHeader[Name] | undefined }

/** What is complete in these groups. */
function headerOf(groups: readonly string[]): SoFar {
  if (groups.length === 0) return {}
  const text = groups.join('')
  const rehearsal = text.startsWith(`${PREFIX.rehearsal}1`)
  const symbols = Array.from(text.slice((rehearsal ? PREFIX.rehearsal : PREFIX.real).length + 1), (character) => ALPHABET.indexOf(character))
  const bits = symbols.map((symbol) => symbol.toString(2).padStart(5, '0')).join('')
  const byte = (end: number): number | undefined => (bits.length < end ? undefined : parseInt(bits.slice(end - 8, end), 2))
  return {
    rehearsal,
    version: byte(8),
    keyId: bits.length < BITS.keyId ? undefined : BigInt(`0b${bits.slice(8, BITS.keyId)}`).toString(16).padStart(16, '0'),
    threshold: byte(BITS.threshold),
    shares: byte(BITS.shares),
    custodian: byte(BITS.custodian),
  }
}

/** The first groups against the known beginnings: a slip, or a sheet that is not meant. */
function slipIn(whole: readonly string[], { beginnings }: KnownSheets): Reading | null {
  const typed = whole.slice(0, COMMON_GROUPS)
  if (beginnings.length === 0 || typed.length < SURE_GROUPS) return null
  const text = typed.join('')
  const nearest = beginnings.map((known) => ({ known, differs: differences(text, known.groups.slice(0, typed.length).join('')) })).sort((one, other) => one.differs - other.differs)[0]
  if (!nearest) return null
  const { known, differs } = nearest
  if (differs === 0) return known.refused === null ? null : wrongSheet(known.refused)
  if (differs <= MOST_SLIPS) {
    const at = typed.findIndex((group, place) => group !== known.groups[place])
    const whose = known.generation === null ? 'the first sheet has' : `sheets of GENERATION ${known.generation} have`
    return { level: 'look again', text: `Group ${at + 1} looks wrong: ${whose} ${known.groups[at]?.toUpperCase() ?? ''} there. Compare it with the paper.` }
  }
  return { level: 'look again', text: 'These groups are of no key that is known here. Compare groups 1 to 5 with the paper (< goes back to them); if they are right, this is another key\'s sheet: put it away.' }
}

function differences(one: string, other: string): number {
  return Array.from(one).filter((character, at) => character !== other.charAt(at)).length
}

function beginning({ rehearsal, keyId, threshold, shares }: Manifest): string[] {
  return commonGroups({ rehearsal, keyId, threshold, shares: shares.length })
}

/** Groups that do not depend on custodian and share. */
function commonGroups(set: Pick<ShareHeader, 'rehearsal' | 'keyId' | 'threshold' | 'shares'>): string[] {
  const text = shareToText({ ...set, custodian: 1, bytes: new Uint8Array(33) }).toLowerCase()
  return Array.from({ length: COMMON_GROUPS }, (_, at) => text.slice(at * GROUP, (at + 1) * GROUP))
}
