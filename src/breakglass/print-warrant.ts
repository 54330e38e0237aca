/** The warrant on paper, for custodians to read, decide on and sign. A page that cannot be had stops nobody: the screen has the same. */
import { join } from 'node:path'
import { GlasskeyError } from '../errors.js'
import type { CustodyFolder } from '../host/custody-folder.js'
import { writeNew } from '../host/disk.js'
import { tryPrint } from '../host/printer.js'
import { generationNumber, places } from '../host/sealed-folder.js'
import { say } from '../host/terminal.js'
import { warrantContent } from '../paper/warrant-content.js'
import { drawWarrantPage } from '../paper/warrant-page.js'
import type { Warrant } from '../warrant/warrant.js'

/** Writes `warrant.pdf` beside the open session's warrant.json and, if a printer is named, prints it. */
export async function printWarrant(folder: CustodyFolder, warrant: Warrant, printer: string | undefined): Promise<void> {
  const { threshold, shares } = generationNumber(folder, warrant.key.generation).manifest
  const custodians = shares.map(({ custodian, name }) => ({ number: custodian, name }))
  const path = join(places.session(folder.path, warrant.session), 'warrant.pdf')
  try {
    const pdf = await drawWarrantPage(warrantContent(warrant, folder.custody, { threshold, custodians }), { paper: folder.custody.paper })
    writeNew(path, pdf)
    say(`The warrant to sign on paper is ${path}.`)
    if (printer !== undefined) await tryPrint(pdf, printer, `warrant ${warrant.session}`)
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    say(`The warrant is not on paper: ${error.message}. Go on: read it on the screen, and sign for it in the paper book.`, 'alarm')
  }
}
