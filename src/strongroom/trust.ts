/** What the paper says against what the folder says. The opened envelope is the root of trust; paper wins. */
import { combine } from 'shamir-secret-sharing'
import { joinParts, type Part } from '../custody/paper-parts.js'
import { canonicalJson } from '../canonical.js'
import type { Manifest } from '../custody/manifest.js'
import { checkManifest, openEnvelope, openWithSecret, type OpenedEnvelope } from '../custody/envelope.js'
import type { Quorum } from '../custody/quorum.js'
import { GlasskeyError } from '../errors.js'
import type { Generation, SealedFolder } from '../host/sealed-folder.js'
import { checkRules } from '../warrant/issue.js'
import { scopeOf } from '../warrant/scope.js'
import type { Warrant } from '../warrant/warrant.js'
import { isLoopback, isRealmHost, realmOf } from '../wire/hosts.js'
import type { Disputed } from './shares.js'

/** Opens the folder's envelope; where that is damaged, the one read from paper. */
export async function open(quorum: Quorum, generation: Generation, parts: readonly Part[]): Promise<OpenedEnvelope> {
  try {
    return await openEnvelope(quorum, generation.envelope)
  } catch (error) {
    const { keyId } = generation.manifest
    if (!(error instanceof GlasskeyError) || error.code !== 'ENVELOPE_INVALID' || !parts.some((part) => part.keyId === keyId)) throw error
    return openEnvelope(quorum, joinParts(parts, 'GKE1', keyId))
  }
}

/**
 * Everything that must hold between sheets, folder and warrant before anything is signed. Throws FOLDER_ALTERED,
 * WARRANT_INVALID, RULES_REFUSED or REHEARSAL_MISMATCH; returns nothing to misread.
 */
export function checkEverything(opened: OpenedEnvelope, generation: Generation, folder: SealedFolder, warrant: Warrant): void {
  const { header } = opened
  checkManifest(header, generation.manifest)
  if (header.rulesSha256 !== generation.manifest.rulesSha256) throw contradicts('rules')
  checkRules(warrant, generation.rules)
  if (warrant.rehearsal !== header.rehearsal) throw contradicts('rehearsal')
  if (warrant.tenancy !== header.tenancy) throw contradicts('tenancy')
  if (warrant.user !== header.user) throw contradicts('user')
  if (warrant.homeRegion !== header.homeRegion) throw contradicts('home region')
  if (warrant.realm !== realmOf(header.tenancy)) throw contradicts('realm')
  // Every field: a true digest beside somebody else's PEM would have that PEM uploaded.
  if (!sameNames(warrant.key, generation.manifest)) throw contradicts('key')
  if (canonicalJson(warrant.regions) !== canonicalJson(generation.manifest.regions)) throw contradicts('list of regions')
  checkSuccessor(opened, folder, warrant)
  checkHosts(warrant)
}

/** True sheets that the folder's manifest calls wrong: the key was recombined to find that out. */
export interface Contradiction {
  error: GlasskeyError
  /** The shares that opened the envelope. */
  shares: Disputed[]
}

/** So many of the newest disputed shares are looked at, and so many of their sets tried: forged ones may lie among the true ones, and each try takes a moment. */
const [MOST_DISPUTED, MOST_TRIES] = [32, 100]

/** Shares that fit no commitment, but open the envelope together: then not the shares were forged, but the manifest. Null otherwise. */
export async function contradictionIn(disputed: readonly Disputed[], generation: Generation, parts: readonly Part[]): Promise<Contradiction | null> {
  // A claimed threshold of 1 is no set of ours: the library would not even combine it.
  const possible = disputed.filter(({ share: { threshold, bytes } }) => threshold >= 2 && pointOf({ bytes }) !== 0)
  // What came last first: what is on a stick comes before what people bring.
  const newest = possible.slice(-MOST_DISPUTED).reverse()
  let tries = 0
  for (const first of firstsOf(newest)) {
    const set = newest.filter(({ share }) => claimAlike(share, first.share))
    for (const shares of choicesOf(set, first.share.threshold)) {
      if ((tries += 1) > MOST_TRIES) return null
      const error = await contradictionBy(shares, generation, parts)
      if (error) return { error, shares: shares.toReversed() }
    }
  }
  return null
}

/** The first of each set: what a manifest that may be altered says of them counts for nothing. */
function firstsOf(disputed: readonly Disputed[]): Disputed[] {
  return disputed.filter((one, at) => !disputed.slice(0, at).some((earlier) => claimAlike(earlier.share, one.share)))
}

function claimAlike(one: Disputed['share'], other: Disputed['share']): boolean {
  return one.keyId === other.keyId && one.threshold === other.threshold
}

function pointOf({ bytes }: Pick<Disputed['share'], 'bytes'>): number {
  return bytes.at(-1) ?? 0
}

/** Choices of so many shares, each of another point; none is begun that cannot be finished. */
function* choicesOf(shares: readonly Disputed[], size: number, chosen: readonly Disputed[] = []): Generator<Disputed[]> {
  if (chosen.length === size) {
    yield [...chosen]
    return
  }
  const taken = new Set(chosen.map(({ share }) => pointOf(share)))
  for (const [at, next] of shares.entries()) {
    const points = new Set(shares.slice(at).map(({ share }) => pointOf(share)).filter((point) => !taken.has(point)))
    if (points.size < size - chosen.length) return
    if (!taken.has(pointOf(next.share))) yield* choicesOf(shares.slice(at + 1), size, [...chosen, next])
  }
}

async function contradictionBy(shares: readonly Disputed[], generation: Generation, parts: readonly Part[]): Promise<GlasskeyError | null> {
  const keyId = shares[0]?.share.keyId ?? ''
  const secret = await combine(shares.map(({ share }) => new Uint8Array(share.bytes)))
  try {
    const paper = parts.some((part) => part.keyId === keyId) ? joinParts(parts, 'GKE1', keyId) : generation.envelope
    const { header } = await openWithSecret(paper, secret)
    checkManifest(header, generation.manifest)
    return null
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return error.code === 'FOLDER_ALTERED' ? error : null
  } finally {
    secret.fill(0)
  }
}

/** Whether the successor is the one sealed inside the opened envelope. Otherwise people must read it off their bags. */
export function isSealedSuccessor(opened: OpenedEnvelope, warrant: Warrant): boolean {
  return warrant.successor !== null && warrant.successor.spkiSha256 === opened.header.successorSpkiSha256
}

function checkSuccessor(opened: OpenedEnvelope, folder: SealedFolder, warrant: Warrant): void {
  if (!warrant.successor) return
  const listed = folder.generations.find(({ manifest }) => manifest.generation === warrant.successor?.generation)
  // The manifest's own parts were held against each other when it was read; the warrant must carry exactly them.
  if (!listed || !sameNames(warrant.successor, listed.manifest)) throw contradicts('successor')
  if (isSealedSuccessor(opened, warrant)) return
  const { generation } = warrant.successor
  const next = warrant.key.generation + 1
  if (generation === next && opened.header.successorSpkiSha256 !== null) {
    throw new GlasskeyError(
      'FOLDER_ALTERED',
      `the successor in the folder (GENERATION ${generation}) is not the one that the sheets seal: it was swapped`,
      'Nothing was signed. Fetch an untouched copy of the custody folder and find out who changed this one.',
    )
  }
}

function sameNames(named: Warrant['key'], { generation, keyId, spkiSha256, fingerprint, publicKeyPem }: Manifest): boolean {
  return canonicalJson(named) === canonicalJson({ generation, keyId, spkiSha256, fingerprint, publicKeyPem })
}

function checkHosts(warrant: Warrant): void {
  const origins = new Set(scopeOf(warrant).map(({ origin }) => origin))
  for (const origin of origins) {
    const fits = warrant.rehearsal ? isLoopback(origin) : isRealmHost(origin, warrant.realm)
    if (!fits) {
      throw new GlasskeyError(
        'REHEARSAL_MISMATCH',
        warrant.rehearsal ? `a rehearsal key signs only for this machine, not for ${origin}` : `a real key signs only for hosts of realm ${warrant.realm} over TLS, not for ${origin}`,
        warrant.rehearsal ? 'Point --endpoint at a simulator on 127.0.0.1.' : 'Leave --endpoint away.',
      )
    }
  }
}

function contradicts(what: string): GlasskeyError {
  return new GlasskeyError('WARRANT_INVALID', `the warrant names another ${what} than the sheets`, 'Nothing was signed. Ask for a new warrant.')
}
