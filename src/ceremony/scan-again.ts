/** Sheets read again from paper and compared with what was made. Nothing secret is shown. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { toParts } from '../custody/paper-parts.js'
import { sealedTexts } from '../custody/sealed-share.js'
import { parseShareText } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import { CAMERA, prepareCamera, showSheets } from '../host/camera.js'
import { readBytes } from '../host/disk.js'
import { probeIsolation } from '../host/isolation.js'
import { readScanFiles } from '../host/scan-reader.js'
import type { Typed } from '../host/typed-share.js'
import { sliceBytes } from '../paper/envelope-slices.js'
import type { MadeGeneration } from './generations.js'

/** One thing that was read, and from where; or what went wrong, as a sentence. */
export type ReadAgain = { where: string; text: string; typed: boolean } | { where: string; problem: string }

/** Where sheets are read from: scan files here; anything that gives texts will do. */
export type SheetSource = (answer: string, stop: AbortSignal) => AsyncIterable<ReadAgain>

/** What was recognised on sheets. */
export interface Recognised {
  shares: { generation: number; custodian: number; typed: boolean }[]
  /** Generations of which every part of the envelope was read. */
  envelopes: number[]
  /** A sentence for each thing that is not as it was made, or could not be read. */
  problems: string[]
}

/**
 * The answer as names of scan files, or `camera`: sheets are shown to one. What is refused on the way (a folder that was named,
 * a reader that died, a machine that cannot show a camera's page) is a problem like any other: people are asked again, and
 * what they have made is not lost.
 */
export async function* filesOrCamera(answer: string, stop: AbortSignal): AsyncGenerator<ReadAgain> {
  const camera = answer.trim() === CAMERA
  try {
    if (camera) yield* shownToCamera(stop)
    else yield* fromFiles(namesIn(answer))
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    if (stop.aborted) return
    yield { where: camera ? CAMERA : 'scans', problem: sentenceOf(error.message, error.hint) }
  }
}

/** Those of the named files that are drawn sheets themselves, and no scans of their paper: they lie in their folder under their names, or are the same byte for byte. */
export function drawnAmong(answer: string, folder: string, sheets: readonly { name: string; pdf: Uint8Array }[]): string[] {
  if (answer.trim() === CAMERA) return []
  return namesIn(answer).filter((path) => {
    if (!existsSync(path)) return false
    const real = realpathSync(path)
    if (dirname(real) === (existsSync(folder) ? realpathSync(folder) : folder) && sheets.some(({ name }) => name === basename(real))) return true
    const { size } = statSync(path)
    return sheets.some(({ pdf }) => pdf.length === size && Buffer.compare(pdf, readBytes(path, 'the scan')) === 0)
  })
}

/** Throws FILE_MISSING, SCAN_UNREADABLE. */
async function* fromFiles(paths: readonly string[]): AsyncGenerator<ReadAgain> {
  const missing = paths.find((path) => !existsSync(path))
  if (missing !== undefined) {
    yield { where: missing, problem: 'is not there.' }
    return
  }
  for await (const line of readScanFiles(paths, probeIsolation())) {
    if ('error' in line) yield { where: line.file, problem: sentenceOf(line.message, line.hint) }
    if ('none' in line) yield { where: `${line.file}, page ${line.page}`, problem: 'no code was found.' }
    if ('text' in line) yield { where: `${line.file}, page ${line.page}`, text: line.text, typed: false }
  }
}

/** What a page with a camera sees, until people say that this is all, or call the ceremony off. Throws ISOLATION_MISSING, SCAN_UNREADABLE. */
async function* shownToCamera(stop: AbortSignal): AsyncGenerator<ReadAgain> {
  const isolation = probeIsolation()
  const { lines, answer } = await showSheets(prepareCamera(undefined, isolation, process.env), isolation, { tone: 'plain', words: 'Show page 1 and page 2 of each sheet.', more: null }, stop)
  for await (const line of lines) {
    if (stop.aborted) return
    if ('error' in line) yield { where: CAMERA, problem: sentenceOf(line.message, line.hint) }
    if (!('text' in line)) continue
    yield { where: CAMERA, text: line.text, typed: false }
    answer({ tone: 'plain', words: 'A code was read. What it is stands on the terminal when this is all.', more: null })
  }
}

/** What was typed from paper, as read. Nothing where nothing was. */
export function asTyped(typed: Typed): ReadAgain[] {
  if (typed === 'nothing') return []
  if ('text' in typed) return [{ where: 'typed', text: typed.text, typed: true }]
  return [{ where: 'typed', problem: sentenceOf(typed.wrongSheet.message, typed.wrongSheet.hint) }]
}

/** A refusal in one line: what, and what to do about it. */
function sentenceOf(message: string, hint = ''): string {
  return `${message}. ${hint}`.trimEnd()
}

/** File names of an answer: separated by spaces, or within double quotes. */
function namesIn(answer: string): string[] {
  return [...answer.matchAll(/"([^"]+)"|(\S+)/g)].map(([, quoted, plain]) => resolve(quoted ?? plain ?? ''))
}

/**
 * Compares what was read with what was made. Codes of earlier readings, of envelopes and sealed shares, may be handed in: they
 * make whole what was begun, and a sealed share is told of only where one of its codes was read now.
 */
export async function recognise(read: AsyncIterable<ReadAgain> | Iterable<ReadAgain>, made: readonly MadeGeneration[], partsBefore: Set<string> = new Set()): Promise<Recognised> {
  const parts = made.map(({ manifest, envelope }) => ({ generation: manifest.generation, texts: toParts('GKE1', manifest.keyId, envelope, sliceBytes(envelope.length)) }))
  const sealed = made.flatMap(({ manifest, sealedShares }) => sealedShares.flatMap((share) => (share ? [{ generation: manifest.generation, custodian: share.custodian, texts: sealedTexts(share) }] : [])))
  const found: Recognised = { shares: [], envelopes: [], problems: [] }
  const readNow = new Set<string>()
  for await (const one of read) {
    if ('problem' in one) {
      found.problems.push(`${one.where}: ${one.problem}`)
    } else if (parts.some(({ texts }) => texts.includes(one.text))) {
      partsBefore.add(one.text)
    } else if (sealed.some(({ texts }) => texts.includes(one.text))) {
      readNow.add(one.text)
    } else if (/^GKSR?1\//.test(one.text)) {
      found.problems.push(`${one.where}: this is NOT a sealed share that was made today.`)
    } else if (one.text.startsWith('GKE1/')) {
      found.problems.push(`${one.where}: this is NOT an envelope that was made today.`)
    } else {
      const share = shareIn(one.text, made)
      if (typeof share === 'string') found.problems.push(`${one.where}: ${share}`)
      else found.shares.push({ ...share, typed: one.typed })
    }
  }
  for (const text of readNow) partsBefore.add(text)
  for (const { generation, custodian, texts } of sealed) {
    if (texts.some((text) => readNow.has(text)) && texts.every((text) => partsBefore.has(text))) found.shares.push({ generation, custodian, typed: false })
  }
  found.envelopes = parts.filter(({ texts }) => texts.every((text) => partsBefore.has(text))).map(({ generation }) => generation)
  return found
}

function shareIn(text: string, made: readonly MadeGeneration[]): { generation: number; custodian: number } | string {
  try {
    const share = parseShareText(text)
    const generation = made.find(({ manifest }) => manifest.keyId === share.keyId)
    const meant = generation?.shareTexts[share.custodian - 1]
    const same = meant !== undefined && Buffer.compare(parseShareText(meant).bytes, share.bytes) === 0
    share.bytes.fill(0)
    if (!generation) return `this is a sheet of key id ${share.keyId}, which was not made today.`
    if (!same) return `this is NOT the share of custodian ${share.custodian} that was made for GENERATION ${generation.manifest.generation}.`
    return { generation: generation.manifest.generation, custodian: share.custodian }
  } catch (error) {
    if (error instanceof GlasskeyError) return sentenceOf(error.message, error.hint)
    throw error
  }
}
