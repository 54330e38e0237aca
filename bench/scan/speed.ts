/** How long a page of a PDF takes when the reader is warm, and what that time goes into. */

import { resolve } from 'node:path'
import { sliceBytes } from '../../src/paper/envelope-slices.js'
import { drawSheet } from '../../src/paper/sheet.js'
import { LIMITS } from '../../src/reader/limits.js'
import { pdfPages } from '../../src/reader/pdf-pages.js'
import { searchQr } from '../../src/reader/qr-search.js'
import { TimedDecoding } from '../../src/reader/timed-decoding.js'
import { envelopeParts, sheetContent } from '../../test/paper/examples.js'

const ROUNDS = 15
/** The longest envelope that takes one page. */
const FULLEST = 3240

/** Milliseconds: by the clock, and of the processor, which other programs on the machine do not lengthen much. */
interface Cost { readonly clock: number, readonly processor: number }

/** A table in Markdown of a share and the fullest envelope on A4 at 200 dpi. */
export async function speedTable(): Promise<string> {
  const content = sheetContent({ envelopeParts: envelopeParts(FULLEST, sliceBytes(FULLEST)) })
  const pdf = await drawSheet(content, { paper: 'A4', templates: resolve('templates') })
  const spent = new Map<string, Cost[]>()
  const note = (what: string, cost: Cost): unknown => spent.set(what, [...spent.get(what) ?? [], cost])
  const decoding = new TimedDecoding({ page: LIMITS.pageTime, total: Infinity })
  for (let round = 0; round < ROUNDS; round += 1) {
    let since = now()
    for await (const { page } of decoding.decode(new Uint8Array(pdf), 'sheet.pdf')) {
      note(`${nameOf(page)}: all, in the reader's thread${page === 1 ? ', with opening the file' : ''}`, costSince(since))
      since = now()
    }
    for await (const { page, render } of pdfPages(pdf, 'sheet.pdf')) {
      since = now()
      const raster = await render(200)
      note(`${nameOf(page)}: PDFium draws it`, costSince(since))
      since = now()
      await searchQr(raster, {})
      note(`${nameOf(page)}: ZXing reads it, with making it grey`, costSince(since))
    }
  }
  await decoding.close()
  const rows = [...spent].sort(([one], [other]) => one.localeCompare(other)).map(([what, costs]) =>
    `| ${what} | ${median(costs.map(({ clock }) => clock))} | ${median(costs.map(({ processor }) => processor))} |`)
  return ['| A4 at 200 dpi, warm, median of the last 10 of 15 | ms by the clock | ms of the processor |', '| --- | ---: | ---: |', ...rows].join('\n')
}

function nameOf(page: number): string {
  return page === 1 ? 'share' : 'fullest envelope'
}

function now(): { readonly clock: number, readonly processor: NodeJS.CpuUsage } {
  return { clock: performance.now(), processor: process.cpuUsage() }
}

function costSince(since: ReturnType<typeof now>): Cost {
  const { user, system } = process.cpuUsage(since.processor)
  return { clock: performance.now() - since.clock, processor: (user + system) / 1000 }
}

/** Without the rounds in which code is still being compiled. */
function median(values: readonly number[]): string {
  const warm = values.slice(5).sort((one, other) => one - other)
  return (warm[Math.floor(warm.length / 2)] ?? 0).toFixed(0)
}
