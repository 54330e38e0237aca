/** `glasskey check sheets`: many sheets at once, after a ceremony or in a rehearsal: which were seen, which not, which are wrong. */
import { resolve } from 'node:path'
import { countSheets, saidOf, type GenerationCount } from '../ceremony/count-sheets.js'
import { judgeText, type Judged } from '../ceremony/judge-sheets.js'
import { requireQuietRoom } from '../ceremony/quiet-room.js'
import { sheetTexts } from '../ceremony/read-sheets.js'
import { hexToWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { lookForNetwork } from '../host/air-gap.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { probeIsolation, withoutCoreFile } from '../host/isolation.js'
import { generationNumber } from '../host/sealed-folder.js'
import { say, toned } from '../host/terminal.js'
import { shareFilesOf } from './flags.js'
import type { Outcome } from './outcome.js'

/** What to look at. */
export interface SheetsArguments {
  custody: string
  scan: string[]
  shareFile: string[]
  generation: number[]
}

/** Looks at every sheet. Exit 4 when one of them is wrong; a sheet that was not seen is said, and is no error. */
export async function checkSheets(args: SheetsArguments): Promise<Outcome> {
  withoutCoreFile()
  const scans = [...new Set(args.scan.map((path) => resolve(path)))]
  const shareFiles = shareFilesOf(args)
  if (scans.length + shareFiles.length === 0) throw new GlasskeyError('USAGE', 'which sheets?', 'glasskey check sheets --custody DIR --scan FILE...')
  const folder = readCustodyFolder(resolve(args.custody))
  const manifests = wanted(folder, args.generation)
  requireQuietRoom(lookForNetwork(), folder.generations[0]?.manifest.rehearsal === true, null, 'One bag\'s sheets may be read by an exception in the logbook: glasskey share inspect --online "WHY".')
  const read: Judged[] = []
  for await (const found of sheetTexts({ scans, shareFiles }, probeIsolation())) read.push(judgeText(found, folder))
  const counts = countSheets(read, manifests, folder.events)
  const wrong = [...read.flatMap((found) => ('wrong' in found ? [{ where: found.where, code: found.wrong.code, message: found.wrong.message }] : [])), ...empty(read), ...stray(read, manifests), ...(read.some((found) => 'wrong' in found && found.wrong.code === 'ENVELOPE_INVALID') ? [] : halves(counts))]
  for (const { where, message } of wrong) say(`${where}: ${message}`, 'alarm')
  const missing = counts.reduce((sum, { sheets }) => sum + sheets.reduce((all, { seen, copies }) => all + Math.max(0, copies - seen), 0), 0)
  const json = { wrong, notSeen: missing, generations: counts.map((count) => ({ ...count, keyWords: hexToWords(count.keyId), sheets: count.sheets.map((sheet) => ({ ...sheet })) })) }
  const text = lines(counts, missing, wrong.length).join('\n')
  if (wrong.length === 0) return { json, text }
  return { json, text, error: { code: 'SHEET_WRONG', message: wrong.map(({ where, message }) => `${where}: ${message}`).join('; '), hint: 'Keep these sheets apart, and look at each alone: glasskey share inspect.' } }
}

/** The generations asked for; otherwise those whose sheets are still of use. */
function wanted(folder: CustodyFolder, numbers: readonly number[]): CustodyFolder['generations'][number]['manifest'][] {
  if (numbers.length > 0) return numbers.map((number) => generationNumber(folder, number).manifest)
  const over = new Set(folder.standings.filter(({ state }) => state === 'burned' || state === 'retired').map(({ generation }) => generation))
  return folder.generations.map(({ manifest }) => manifest).filter(({ generation }) => !over.has(generation))
}

interface Wrong {
  where: string
  code: 'SCAN_UNREADABLE' | 'SHARE_OTHER_GENERATION'
  message: string
}

/** Files in which there was nothing of ours. */
function empty(read: readonly Judged[]): Wrong[] {
  const files = [...new Set(read.map(({ file }) => file))]
  return files.filter((file) => read.every((found) => found.file !== file || 'nothing' in found)).map((file) => ({ where: file, code: 'SCAN_UNREADABLE', message: 'no code of a sheet was found' }))
}

/** Right sheets of generations that nobody asked about. */
function stray(read: readonly Judged[], manifests: readonly { generation: number }[]): Wrong[] {
  return read.flatMap((found) => ('share' in found && !manifests.some(({ generation }) => generation === found.share.generation) ? [{ where: found.where, code: 'SHARE_OTHER_GENERATION' as const, message: `this is a sheet of GENERATION ${String(found.share.generation)}, which is not looked for: ${String(found.share.standing)}` }] : []))
}

/** A sheet of which page 2 was not read, or not all of it. */
function halves(counts: readonly GenerationCount[]): Wrong[] {
  return counts.flatMap(({ generation, pages, envelopes }) => envelopes < pages ? [{ where: `GENERATION ${generation}`, code: 'SCAN_UNREADABLE' as const, message: `page 1 was read ${timesOf(pages)}, and all codes of page 2 ${envelopes === 0 ? 'never' : `only ${timesOf(envelopes)}`}: scan both pages of each sheet` }] : [])
}

function timesOf(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function lines(counts: readonly GenerationCount[], missing: number, wrong: number): string[] {
  return [
    ...counts.flatMap(({ generation, keyId, sheets }) => [
      `GENERATION ${generation}, key id ${keyId} (${hexToWords(keyId)})`,
      ...sheets.map((sheet) => toned(`  ${saidOf(sheet)}`, sheet.seen < sheet.copies ? 'strong' : 'plain', process.stdout)),
    ]),
    'Copies of one share bear the same codes: that each copy was scanned once is told by the copy number printed on it.',
    `${wrong === 0 ? 'Every sheet that was read is right' : `${wrong} wrong`}; ${missing === 0 ? 'none is missing' : `${missing} not seen`}.`,
  ]
}
