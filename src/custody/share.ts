/** Each share judged alone: is this the share that the manifest promised for this custodian? */
import { createHash } from 'node:crypto'
import { GlasskeyError } from '../errors.js'
import type { Manifest } from './manifest.js'
import { SHARE_BYTES, type UntrustedShare } from './share-text.js'

/** A share that fits its commitment. Made only by `judgeShare`. */
export interface Share {
  readonly trust: 'committed'
  custodian: number
  name: string
  /** 33 bytes. Secret. */
  bytes: Uint8Array
}

/** What a share is held against. */
export interface Expectation {
  /** The generation whose quorum is being collected. */
  manifest: Manifest
  /** Every other generation of the folder, for saying which one a stray sheet belongs to. */
  others: readonly OtherGeneration[]
}

/** Another generation, and what became of it in words: "that key is dead", "that key is not in use yet". */
export interface OtherGeneration {
  manifest: Manifest
  standing: string
}

/** SHA-256 over `glasskey/share/1`, NUL and the 33 bytes, lower-case hex. The secret is 256 random bits, so it hides them. */
export function commitmentOf(bytes: Uint8Array): string {
  return createHash('sha256').update('glasskey/share/1\0').update(bytes).digest('hex')
}

/** Name of a custodian; the number where the set has no such custodian. */
export function nameOf(manifest: Manifest, custodian: number): string {
  return manifest.shares.find((share) => share.custodian === custodian)?.name ?? String(custodian)
}

/** `custodian 2 (Grace Hopper)`. */
export function calledBy(manifest: Manifest, custodian: number): string {
  const name = manifest.shares.find((share) => share.custodian === custodian)?.name
  return name === undefined ? `custodian ${custodian}` : `custodian ${custodian} (${name})`
}

/** What a share says of itself before its secret part. */
export type ShareHeader = Pick<UntrustedShare, 'rehearsal' | 'keyId' | 'threshold' | 'shares' | 'custodian'>

/**
 * The share, if it is the promised one. Throws as `judgeHeader`, and SHARE_ZERO_X or SHARE_COMMITMENT, naming whose sheet
 * it is and what is wrong.
 */
export function judgeShare(share: UntrustedShare, expectation: Expectation): Share {
  const promised = judgeHeader(share, expectation)
  const whose = calledBy(expectation.manifest, share.custodian)
  if (share.bytes[SHARE_BYTES - 1] === 0) throw new GlasskeyError('SHARE_ZERO_X', `the sheet of ${whose} has x = 0, which no ceremony prints: it is forged`, raiseAlarm)
  if (commitmentOf(share.bytes) !== promised.commitment) throw notPromised(whose)
  return { trust: 'committed', custodian: share.custodian, name: promised.name, bytes: share.bytes }
}

/**
 * The manifest's entry for the share that begins so. Nothing secret is needed for it, so it is asked while a share is being
 * typed, and of one that is sealed. Throws SHARE_PRACTICE, SHARE_REAL_IN_REHEARSAL, SHARE_OTHER_GENERATION, SHARE_OTHER_KEY, SHARE_OTHER_SET, SHARE_NUMBER.
 */
export function judgeHeader(share: ShareHeader, expectation: Expectation): Manifest['shares'][number] {
  const { manifest } = expectation
  const bring = `Bring a sheet of GENERATION ${manifest.generation}, key id ${manifest.keyId}.`
  judgeKind(share.rehearsal, manifest)
  if (share.keyId !== manifest.keyId) throw strayKey(share, expectation, bring)
  if (share.threshold !== manifest.threshold || share.shares !== manifest.shares.length) {
    throw new GlasskeyError(
      'SHARE_OTHER_SET',
      `the sheet of ${calledBy(manifest, share.custodian)} says ${share.threshold} of ${share.shares}, the manifest ${manifest.threshold} of ${manifest.shares.length}`,
      bring,
    )
  }
  const promised = manifest.shares.find((entry) => entry.custodian === share.custodian)
  if (!promised) {
    throw new GlasskeyError('SHARE_NUMBER', `there is no custodian ${share.custodian}: this set has ${manifest.shares.length}`, bring)
  }
  return promised
}

/** Practice is told from the real thing by the first group. Throws SHARE_PRACTICE or SHARE_REAL_IN_REHEARSAL. */
export function judgeKind(rehearsal: boolean, manifest: Manifest): void {
  if (rehearsal && !manifest.rehearsal) {
    throw new GlasskeyError('SHARE_PRACTICE', `this is a practice sheet (GKR): it opens nothing real`, `Bring a sheet of GENERATION ${manifest.generation}, key id ${manifest.keyId}.`)
  }
  if (manifest.rehearsal) refuseReal(rehearsal)
}

/** For where practice sheets only are meant. Throws SHARE_REAL_IN_REHEARSAL. */
export function refuseReal(rehearsal: boolean): void {
  if (rehearsal) return
  throw new GlasskeyError(
    'SHARE_REAL_IN_REHEARSAL',
    'this is a REAL sheet (GK), and this is a rehearsal',
    'Put it back into its bag at once and note in the logbook that it was opened.',
  )
}

/** The refusal of a sheet that is not the one of the ceremony. */
export function notPromised(whose: string): GlasskeyError {
  return new GlasskeyError('SHARE_COMMITMENT', `the sheet of ${whose} is not the one that the manifest promised`, raiseAlarm)
}

const raiseAlarm = 'Keep the sheet, use another custodian, and raise the alarm: either the sheet or the custody folder was altered.'

function strayKey(share: ShareHeader, { others }: Expectation, bring: string): GlasskeyError {
  const other = others.find((candidate) => candidate.manifest.keyId === share.keyId)
  if (!other) {
    return new GlasskeyError('SHARE_OTHER_KEY', `the sheet is of key ${share.keyId}, which is not in this custody folder`, bring)
  }
  const whose = calledBy(other.manifest, share.custodian)
  return new GlasskeyError(
    'SHARE_OTHER_GENERATION',
    `the sheet of ${whose} is of GENERATION ${other.manifest.generation}: ${other.standing}`,
    bring,
  )
}
