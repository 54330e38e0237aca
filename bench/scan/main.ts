/**
 * Figures, not assertions: how many pages each decoder reads, by damage and resolution, and how long it takes.
 *
 *     npm run bench:scan -- [--seeds 2] [--dpi 100,150] [--class WORDS] [--page WORDS] [--only glasskey] [--keep DIR] [--designs]
 *     npm run bench:scan -- --speed
 *
 * The pictures are made in memory from seeds, the same in every run; `--keep` also writes them to a folder. A page counts
 * as read when every code on it was read exactly and nothing else was. `--designs` takes other layouts of an envelope
 * instead of the pages that glasskey prints.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CLASSES, RESOLUTIONS, scanOf } from './classes.js'
import { glasskey, jsQrAgainAndAgain, zbar, type Decoder } from './decoders.js'
import { designedPages } from './designs.js'
import { printedPages } from './pages.js'
import { speedTable } from './speed.js'
import { Tally } from './tally.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2' }, dpi: { type: 'string', default: RESOLUTIONS.join(',') },
    class: { type: 'string', default: '' }, page: { type: 'string', default: '' }, only: { type: 'string', default: '' }, keep: { type: 'string' },
    designs: { type: 'boolean', default: false }, speed: { type: 'boolean', default: false },
  },
})

if (values.speed) {
  console.log(`${await speedTable()}\n\nLoad of the machine: ${loads()}`)
  process.exit()
}
const seeds = Number(values.seeds)
const resolutions = values.dpi.split(',').map(Number)
const classes = CLASSES.filter(({ name }) => name.includes(values.class))
const pages = (values.designs ? designedPages() : await printedPages()).filter(({ name }) => name.includes(values.page))
const decoders: Decoder[] = [glasskey()]
const installed = zbar()
if (installed === null) console.log('ZBar is skipped: zbarimg is not installed (Debian: apt install zbar-tools)\n')
else decoders.push(installed)
decoders.push(jsQrAgainAndAgain())
const measured = decoders.filter(({ name }) => values.only === '' || name === values.only)
if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true })

const tally = new Tally(measured.map(({ name }) => name))
for (const dpi of resolutions) {
  for (const kind of classes) {
    for (const page of pages) {
      for (let seed = 1; seed <= seeds; seed += 1) {
        const scan = await scanOf(page, kind, dpi, seed)
        if (values.keep !== undefined) writeFileSync(join(values.keep, `${kind.name}, ${dpi} dpi, ${page.name}, ${seed}.${scan.extension}`), scan.bytes)
        for (const decoder of measured) {
          const { texts, ms } = await decoder.read(scan)
          const whole = [...new Set(texts)].sort().join('\n') === page.texts.join('\n')
          tally.add({ decoder: decoder.name, kind: kind.name, dpi, page: page.name, whole, ms })
          if (!whole && decoder.name === 'glasskey') {
            console.error(`missed: ${kind.name}, ${dpi} dpi, ${page.name}, seed ${seed}: ${texts.filter((text) => page.texts.includes(text)).length} of ${page.texts.length} codes, ${ms.toFixed(0)} ms`)
          }
        }
      }
    }
    console.error(tally.row(kind.name, dpi))
  }
}
for (const decoder of decoders) await decoder.close()
console.log(tally.table())
console.log(`\n${tally.targets()}\n\nLoad of the machine: ${loads()}`)

function loads(): string {
  return loadavg().map((load) => load.toFixed(1)).join(', ')
}
