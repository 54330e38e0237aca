/**
 * The reader for a camera: it shows a page, and what the page sees goes where the reader of files sends it.
 *
 *     stdin     one line of settings (settings.ts)
 *     fd 3      lines of JSON out (reader/line.ts), verdicts in (host/verdict.ts); its end is the end of this process
 *     fd 4      a listening socket, where the browser is not in this room
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Socket, type AddressInfo } from 'node:net'
import { jsonIn } from '../canonical.js'
import { startBrowser } from './browser.js'
import { Judge } from './judge.js'
import { LIMITS } from './limits.js'
import { pageFiles } from './page-files.js'
import { PageServer } from './page-server.js'
import { cameraSettings } from './settings.js'

const JUDGE = 3
const LISTENER = 4
/** What lines are labelled with. */
const LABELS = { seen: 'the camera', typed: 'typed on the page' } as const

// Where it shares process ids with the terminal, Ctrl-Z would leave the strongroom waiting for it.
process.on('SIGTSTP', () => undefined)

const { token, browser } = cameraSettings.parse(jsonIn(readFileSync(0, 'utf8')))
const pipe = new Socket({ fd: JUDGE, readable: true, writable: true })
for (const event of ['close', 'end', 'error']) pipe.on(event, () => process.exit())

const judge = new Judge(pipe)
let ending = false

/** Says that this is all, and why if it was not meant. Whoever judges goes on without the page. */
function end(why?: string): void {
  if (ending) return
  ending = true
  page.leave()
  if (why !== undefined) judge.tell({ file: LABELS.seen, error: 'SCAN_UNREADABLE', message: why, hint: '' })
  judge.tell({ done: true })
}

const page = new PageServer(token, pageFiles(), {
  show: async (text, how) => {
    const verdict = await judge.ask(LABELS[how], text)
    if (verdict.more === 0) setTimeout(end, LIMITS.farewell)
    return verdict
  },
  done: () => {
    end()
  },
  away: () => {
    end('the page was closed')
  },
})
// The judge speaks first: who asks later is answered later.
page.greet(await judge.greeting())
page.server.listen(browser ? { host: '127.0.0.1', port: 0 } : { fd: LISTENER })
await once(page.server, 'listening')
if (browser) {
  const { port } = page.server.address() as AddressInfo
  startBrowser(browser.program, browser.env, `http://127.0.0.1:${port}/#${token}`, (lastWords) => {
    end(page.entered ? 'the browser was closed' : `the browser did not start${lastWords === '' ? '' : ` (${lastWords})`}`)
  })
  // Started, and without a window: people would wait for a page that never comes.
  setTimeout(() => {
    if (!page.entered) end('the browser showed no page')
  }, LIMITS.opening)
}
