/** Decodes one file as the reader does, a page in at most the milliseconds given, and says what came of it and how much memory it took. */
import { readFileSync } from 'node:fs'
import { TimedDecoding } from '../../dist/reader/timed-decoding.js'

const [path, page] = process.argv.slice(2)
const decoding = new TimedDecoding({ page: Number(page), total: 300_000 })
const said = { pages: 0, texts: [], code: null, message: null, mebibytes: 0 }
try {
  for await (const { texts } of decoding.decode(new Uint8Array(readFileSync(path)), 'scan')) {
    said.pages += 1
    said.texts.push(...texts)
  }
} catch (error) {
  if (error.name !== 'GlasskeyError') throw error
  said.code = error.code
  said.message = error.message
}
await decoding.close()
said.mebibytes = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(JSON.stringify(said))
