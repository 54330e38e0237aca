/** Reading sheets outside a session, for recover, share inspect and check sheets: scans, typed lines, and typing at the prompt. */
import { nameOfPart, parsePart, type Part } from '../custody/paper-parts.js'
import { parseSealedPart, SealedParts, type SealedShare } from '../custody/sealed-share.js'
import { parseShareText, type UntrustedShare } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import { showSheets, type Camera } from '../host/camera.js'
import type { Isolation } from '../host/isolation.js'
import { readScanFiles } from '../host/scan-reader.js'
import { say } from '../host/terminal.js'
import { typedTexts } from '../host/typed-lines.js'
import { typeShare, type TypingRequest } from '../host/typed-share.js'
import type { Verdict } from '../host/verdict.js'

/** Where sheets come from, but for camera and prompt. */
export interface SheetSources {
  scans: readonly string[]
  /** Files with typed texts; `-` is standard input. */
  shareFiles: readonly string[]
}

/** Where something was read. `file` of a scan is its name without folders. */
export interface Source {
  from: 'scan' | 'text'
  file: string
  where: string
}

/** One thing that was read, and where: `scan.pdf, page 2`, or `typed`. `incomplete`: a code of a sealed share that needs others. */
export type SheetText = Source & ({ share: UntrustedShare } | { sealed: SealedShare } | { part: Part } | { wrong: GlasskeyError } | { nothing: true } | { incomplete: true })

/** What people are told of an incomplete one. */
export const INCOMPLETE = 'One code of a sealed share. Its others are still missing.'

/** What sheets said. */
export interface SheetsRead {
  shares: UntrustedShare[]
  parts: Part[]
  /** Whole, and not opened. */
  sealed: SealedShare[]
}

/** Everything on these sheets, in the order in which it is read. Throws FILE_MISSING, FILE_UNREADABLE, SCAN_UNREADABLE. */
export async function* sheetTexts({ scans, shareFiles }: SheetSources, isolation: Isolation, codes = new SealedParts()): AsyncGenerator<SheetText> {
  for (const file of shareFiles) {
    for await (const { text, line } of typedTexts(file)) yield* understood(text, { from: 'text', file, where: `${file === '-' ? 'standard input' : file}, line ${line}` }, codes)
  }
  for await (const line of scans.length === 0 ? [] : readScanFiles(scans, isolation)) {
    const from = 'scan'
    if ('error' in line) yield { from, file: line.file, where: line.file, wrong: new GlasskeyError('SCAN_UNREADABLE', line.message, line.hint ?? '') }
    if ('none' in line) yield { from, file: line.file, where: `${line.file}, page ${line.page}`, nothing: true }
    if ('text' in line) yield* understood(line.text, { from, file: line.file, where: `${line.file}, page ${line.page}` }, codes)
  }
  for (const sentence of codes.missing()) yield { from: 'scan', file: '', where: 'sheet', wrong: new GlasskeyError('SCAN_UNREADABLE', sentence, 'Scan page 1 of that sheet again.') }
}

/** Everything on these sheets that is of use; what is wrong with the rest is said. Throws as `sheetTexts`. */
export async function collectSheets(sources: SheetSources, isolation: Isolation): Promise<SheetsRead> {
  const read: SheetsRead = { shares: [], parts: [], sealed: [] }
  for await (const found of sheetTexts(sources, isolation)) keep(read, found)
  return read
}

/** A share or a code of either page, typed at the prompt, or by a scanner that types; `codes` are those of sealed shares so far. null when nothing was. A wrong sheet is named and put away. Throws as `typeShare`. */
export async function askForSheet(request: TypingRequest, codes = new SealedParts()): Promise<SheetText | null> {
  for (;;) {
    const typed = await typeShare(request)
    if (typed === 'nothing') return null
    if ('text' in typed) {
      const [found] = understood(typed.text, { from: 'text', file: 'typed', where: 'typed' }, codes)
      if (!found || !('incomplete' in found)) return found ?? null
      // Whoever holds the scanner has the sheet in the other hand.
      const missing = codes.missing()
      for (const sentence of missing) say(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`)
      if (missing.length === 0) say('That sealed share was read already.')
      continue
    }
    say(`${typed.wrongSheet.message}. ${typed.wrongSheet.hint}`, 'alarm')
  }
}

/** Shows a page with a camera until people say that this is all, or a verdict says that no more is needed. */
export async function watchSheets(camera: Camera, isolation: Isolation, greeting: Verdict, judge: (found: SheetText) => Verdict): Promise<void> {
  for (const exception of camera.exceptions) say(`Exception: ${exception}.`, 'alarm')
  const { lines, answer } = await showSheets(camera, isolation, greeting)
  const codes = new SealedParts()
  for await (const line of lines) {
    if ('error' in line) say(`The camera: ${line.message}.`, 'alarm')
    if ('text' in line) {
      const verdicts = understood(line.text, { from: 'scan', file: line.file, where: line.file }, codes).map(judge)
      const verdict = verdicts.find(({ tone }) => tone === 'good') ?? verdicts.at(-1)
      if (verdict) answer(verdict)
    }
  }
}

/** Says what was read, or what is wrong with it, and keeps what is of use. Returns the words. */
export function keep(read: SheetsRead, found: SheetText): Omit<Verdict, 'more'> {
  const { where } = found
  if ('nothing' in found) {
    say(`${where}: no code was found.`, 'faint')
    return { tone: 'plain', words: 'No code was found.' }
  }
  if ('wrong' in found) return spoken(where, `${found.wrong.message}. ${found.wrong.hint}`.trimEnd(), 'alarm')
  if ('part' in found) {
    read.parts.push(found.part)
    return { tone: 'plain', words: nameOfPart(found.part) }
  }
  if ('incomplete' in found) return { tone: 'plain', words: INCOMPLETE }
  if ('sealed' in found) {
    const { sealed } = found
    read.sealed.push(sealed)
    return spoken(where, `share ${sealed.custodian} of ${sealed.shares}, key id ${sealed.keyId}, sealed to OpenPGP key ${sealed.fingerprint}.`, 'good')
  }
  const { share } = found
  const again = read.shares.some((earlier) => Buffer.compare(earlier.bytes, share.bytes) === 0)
  read.shares.push(share)
  return again ? spoken(where, `the share of custodian ${share.custodian} was given already: copies count once.`, 'plain') : spoken(where, `share ${share.custodian} of ${share.shares}, key id ${share.keyId}.`, 'good')
}

function spoken(where: string, words: string, tone: Verdict['tone']): Omit<Verdict, 'more'> {
  say(`${where}: ${words}`, tone)
  return { tone, words }
}

/** What a text is: one thing; or several, where codes of a sealed share differ and it is not known which of them is right. */
function understood(text: string, source: Source, codes: SealedParts): SheetText[] {
  try {
    const part = parsePart(text)
    if (part) return [{ ...source, part }]
    const sealedPart = parseSealedPart(text)
    if (!sealedPart) return [{ ...source, share: parseShareText(text) }]
    const completed = codes.take(sealedPart)
    return completed.length === 0 ? [{ ...source, incomplete: true }] : completed.map((sealed) => ({ ...source, sealed }))
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return [{ ...source, wrong: error }]
  }
}
