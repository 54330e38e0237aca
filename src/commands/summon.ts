/** `glasskey break … --summon [FILE.pdf]`: the page to call custodians by. Telephone numbers go from custody.yaml to the page and the terminal, and nowhere else. */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { drawUpSummons, summonsText, type Foreseen } from '../breakglass/summons.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { writeNew } from '../host/disk.js'
import { printPdf } from '../host/printer.js'
import { drawSummons } from '../paper/forms/summons.js'
import type { Outcome } from './outcome.js'

/** Where the page goes. */
interface Destination {
  /** Empty: only to the terminal. */
  file: string
  printer: string | undefined
  json: boolean
}

/** Only whoever made it may read it. */
const MODE = 0o600

/** Throws USAGE for a place where telephone numbers must not be, or for none at all. */
export async function summon(custody: string, foreseen: Foreseen, { file, printer, json }: Destination): Promise<Outcome> {
  if (json && file === '' && printer === undefined) throw new GlasskeyError('USAGE', 'where should the page go? --json never has telephone numbers', 'glasskey break … --summon FILE.pdf, or --printer NAME')
  const folder = readCustodyFolder(custody)
  const out = file === '' ? null : resolve(file)
  if (out !== null && liesIn(out, custody)) throw new GlasskeyError('USAGE', `${out} is in the custody folder, which is copied and shown around; the page has telephone numbers`, 'Name a file elsewhere, and destroy it after use.')
  const { content, ...told } = drawUpSummons(folder, foreseen, wallClock())
  if (out !== null || printer !== undefined) {
    const pdf = await drawSummons(content, { paper: folder.custody.paper })
    if (out !== null) writeNew(out, pdf, MODE)
    if (printer !== undefined) await printPdf(pdf, printer, 'summons')
  }
  const where = [...(out === null ? [] : [`in ${out}`]), ...(printer === undefined ? [] : [`with printer ${printer}`])]
  return {
    json: { rehearsal: content.rehearsal, ...told, out, printer: printer ?? null },
    text: [summonsText(content), ...(where.length === 0 ? [] : ['', `This page is ${where.join(' and ')}. Destroy it after use: it has telephone numbers.`])].join('\n'),
  }
}

/** Whether a new file would lie in this folder, by whatever links it is named. */
function liesIn(path: string, folder: string): boolean {
  const parent = dirname(path)
  const inside = relative(realpathSync(folder), existsSync(parent) ? realpathSync(parent) : parent)
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)
}
