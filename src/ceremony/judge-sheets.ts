/** What was read from sheets, held against a custody folder; the share's secret part is wiped as soon as it was compared. */
import { sha256Hex } from '../canonical.js'
import { whyNot } from '../custody/generation.js'
import { joinParts, type Part } from '../custody/paper-parts.js'
import { judgeSealed, type SealedShare } from '../custody/sealed-share.js'
import { judgeShare, refuseReal, type ShareHeader } from '../custody/share.js'
import type { UntrustedShare } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import { otherGenerations, type Generation, type SealedFolder } from '../host/sealed-folder.js'
import type { Verdict } from '../host/verdict.js'
import { INCOMPLETE, type SheetText, type Source } from './read-sheets.js'

/** A share whose text is whole; with a folder, the one that its manifest promises. Nothing secret. */
export interface JudgedShare extends ShareHeader {
  /** Name of the custodian, generation and what it is good for: null without a folder. */
  name: string | null
  generation: number | null
  standing: string | null
  promised: boolean
  /** OpenPGP key that the share is sealed to, where it was not opened; null otherwise. */
  sealedTo: string | null
}

/** One thing that was read, and what it is. */
export type Judged = Source & ({ share: JudgedShare } | { part: Part } | { wrong: GlasskeyError } | { nothing: true } | { incomplete: true })

/** Judges one thing. What does not fit the folder comes back as `wrong`, with why; and with `practiceOnly` a real sheet. */
export function judgeText(found: SheetText, folder: SealedFolder | null, practiceOnly = false): Judged {
  const { from, file, where } = found
  try {
    if ('share' in found) return { from, file, where, share: judged(found.share, folder, practiceOnly) }
    if ('sealed' in found) return { from, file, where, share: judged(found.sealed, folder, practiceOnly) }
    if ('part' in found && folder) checkPart(found.part, folder)
    return found
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return { from, file, where, wrong: error }
  }
}

function judged(share: UntrustedShare | SealedShare, folder: SealedFolder | null, practiceOnly: boolean): JudgedShare {
  try {
    const { rehearsal, keyId, threshold, shares, custodian } = share
    const header = { rehearsal, keyId, threshold, shares, custodian, sealedTo: 'message' in share ? share.fingerprint : null }
    if (practiceOnly) refuseReal(rehearsal)
    if (!folder) return { ...header, name: null, generation: null, standing: null, promised: false }
    // Of an unknown key it is at least said whether it is of the right kind.
    const { manifest } = generationOf(keyId, folder) ?? newest(folder)
    const expectation = { manifest, others: otherGenerations(folder, manifest.generation) }
    if ('message' in share) judgeSealed(share, expectation)
    else judgeShare(share, expectation)
    const name = manifest.shares.find((entry) => entry.custodian === custodian)?.name ?? null
    const standing = folder.standings.find(({ generation }) => generation === manifest.generation)
    return { ...header, name, generation: manifest.generation, standing: standing ? whyNot(standing) : null, promised: true }
  } finally {
    if ('bytes' in share) share.bytes.fill(0)
  }
}

/** What the page of a camera says of one thing. */
export function verdictOn(judged: Judged): Verdict {
  if ('wrong' in judged) return { tone: 'alarm', words: `${judged.wrong.message}. ${judged.wrong.hint}`, more: null }
  if ('share' in judged) return { tone: 'good', words: `Share ${judged.share.custodian} of ${judged.share.shares}, key id ${judged.share.keyId}${judged.share.promised ? `, the promised sheet of ${String(judged.share.name)}` : ''}. Now page 2.`, more: null }
  if ('part' in judged) return { tone: 'plain', words: `Page 2, part ${judged.part.part} of ${judged.part.parts} of the envelope.`, more: null }
  if ('incomplete' in judged) return { tone: 'plain', words: INCOMPLETE, more: null }
  return { tone: 'plain', words: 'No code was found.', more: null }
}

/** What page 2 came to, for one key. */
export interface EnvelopeRead {
  keyId: string
  /** Codes that were read, of how many. */
  read: number
  of: number
  missing: number[]
  /** SHA-256 of the envelope, lower-case hex; null while a part is missing. */
  sha256: string | null
}

/** What was read of the envelope of a key. Throws SCAN_UNREADABLE when two codes contradict each other. */
export function envelopeRead(parts: readonly Part[], keyId: string): EnvelopeRead {
  const mine = parts.filter((part) => part.prefix === 'GKE1' && part.keyId === keyId)
  const of = mine[0]?.parts ?? 0
  const numbers = new Set(mine.map(({ part }) => part))
  const missing = Array.from({ length: of }, (_, at) => at + 1).filter((part) => !numbers.has(part))
  return { keyId, read: numbers.size, of, missing, sha256: of > 0 && missing.length === 0 ? sha256Hex(joinParts(mine, 'GKE1', keyId)) : null }
}

/** Holds a code of page 2 against the envelope of the folder. Throws ENVELOPE_INVALID, or SHARE_OTHER_KEY for a key that the folder does not have. */
function checkPart(part: Part, folder: SealedFolder): void {
  if (part.prefix !== 'GKE1') return
  const generation = generationOf(part.keyId, folder)
  if (!generation) throw new GlasskeyError('SHARE_OTHER_KEY', `part ${part.part} of ${part.parts} is of the envelope of key ${part.keyId}, which is not in this custody folder`, 'glasskey status lists the generations.')
  const { envelope, manifest } = generation
  const from = part.part === part.parts ? envelope.length - part.slice.length : (part.part - 1) * part.slice.length
  const fits = from >= 0 && Buffer.compare(envelope.subarray(from, from + part.slice.length), part.slice) === 0
  if (fits) return
  throw new GlasskeyError('ENVELOPE_INVALID', `part ${part.part} of ${part.parts} is not that of the envelope of GENERATION ${manifest.generation}`, 'Either the sheet or the custody folder was altered: keep the sheet, and compare with another copy of the folder.')
}

function generationOf(keyId: string, folder: SealedFolder): Generation | undefined {
  return folder.generations.find(({ manifest }) => manifest.keyId === keyId)
}

function newest(folder: SealedFolder): Generation {
  const last = folder.generations.at(-1)
  if (!last) throw new GlasskeyError('FILE_MISSING', `${folder.path} holds no generations`)
  return last
}
