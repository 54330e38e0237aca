/** One PDF for each custodian, copy and generation; every printed page is read back before it counts. */
import type { Custody, Custodian } from '../custody/custody-yaml.js'
import { toParts } from '../custody/paper-parts.js'
import { inFours, sealedTexts } from '../custody/sealed-share.js'
import { hexToWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { CODES_ON_A_PAGE, sliceBytes } from '../paper/envelope-slices.js'
import { drawSealedSheet } from '../paper/sealed-sheet.js'
import { drawSheet } from '../paper/sheet.js'
import { readPages } from '../reader/page-proof.js'
import type { MadeGeneration } from './generations.js'
import type { SealingKey } from '../custody/sealing.js'

/** A sheet: its file name, and the PDF. Secret. */
export interface Sheet {
  name: string
  generation: number
  custodian: Custodian
  copy: number
  bag: string | null
  pdf: Uint8Array
}

/** `generation-<g>-custodian-<c>-copy-<k>.pdf` */
export function sheetName(generation: number, custodian: number, copy: number): string {
  return `generation-${generation}-custodian-${custodian}-copy-${copy}.pdf`
}

/** Draws and proves every sheet of a generation, one after the other. Throws PAGE_NOT_PROVED, TEMPLATE_INVALID, SCRIPT_UNSUPPORTED. */
export async function* sheetsOf(made: MadeGeneration, custody: Custody, sealingKeys: ReadonlyMap<number, SealingKey> = new Map()): AsyncGenerator<Sheet> {
  const { manifest, envelope, shareTexts, sealedShares } = made
  const envelopeParts = toParts('GKE1', manifest.keyId, envelope, sliceBytes(envelope.length))
  for (const [at, custodian] of custody.custodians.entries()) {
    const shareText = shareTexts[at] ?? ''
    const sealed = sealedShares[at] ?? null
    const codes = sealed ? sealedTexts(sealed) : [shareText]
    for (const { copy, bag } of custodian.copies) {
      const content = {
        rehearsal: manifest.rehearsal,
        owner: custody.owner.team,
        contact: custody.owner.contact,
        tenancy: manifest.tenancy,
        user: manifest.user,
        homeRegion: manifest.homeRegion,
        keyId: manifest.keyId,
        keyWords: hexToWords(manifest.keyId),
        generation: manifest.generation,
        custodian: { number: custodian.number, name: custodian.name },
        copy,
        threshold: manifest.threshold,
        shares: manifest.shares.length,
        envelopeParts,
        envelopeSha256: manifest.envelopeSha256,
        created: manifest.created,
        // Written in by hand: what custody.yaml has is the bag of a generation before, and each sheet gets one of its own.
        bag: null,
      }
      const drawing = { paper: custody.paper }
      const pdf = sealed
        ? await drawSealedSheet({ ...content, sealedTexts: codes, fingerprint: inFours(sealed.fingerprint), openpgpOwner: sealingKeys.get(custodian.number)?.owner ?? '' }, drawing)
        : await drawSheet({ ...content, shareText }, drawing)
      const name = sheetName(manifest.generation, custodian.number, copy)
      await provePages(pdf, [codes, ...inPages(envelopeParts)], name)
      yield { name, generation: manifest.generation, custodian, copy, bag, pdf }
    }
  }
}

/**
 * Rasterises a PDF and compares what a scanner would read with what was meant: the share alone on page 1, the envelope
 * and nothing else after it. Throws PAGE_NOT_PROVED naming the page.
 */
export async function provePages(pdf: Uint8Array, meant: readonly (readonly string[])[], name: string): Promise<void> {
  const read = await readPages(pdf)
  meant.forEach((texts, at) => {
    const found = [...(read[at] ?? [])].sort()
    if (found.join('\n') !== [...texts].sort().join('\n')) {
      throw new GlasskeyError('PAGE_NOT_PROVED', `${name}, page ${at + 1}: what a scanner reads is not what was meant (${found.length} of ${texts.length} codes)`, 'Nothing was released. Run the ceremony again.')
    }
  })
  if (read.length !== meant.length) throw new GlasskeyError('PAGE_NOT_PROVED', `${name} has ${read.length} pages; ${meant.length} were meant`, 'Nothing was released. Run the ceremony again.')
}


function inPages(parts: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(parts.length / CODES_ON_A_PAGE) }, (_, at) => parts.slice(at * CODES_ON_A_PAGE, (at + 1) * CODES_ON_A_PAGE))
}
