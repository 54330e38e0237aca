// Figures, not assertions: how long a person takes to type a share at a real terminal. Run: npm run bench:typing
// The sheet is one of the golden set (practice). The terminal is util-linux's `script`; keys come one by one.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const VECTORS = new URL('../test/vectors/1/', import.meta.url)
const share = JSON.parse(readFileSync(new URL('secrets.json', VECTORS), 'utf8')).find(({ generation }) => generation === 2).shareTexts[0]
/** Keys a second, and the look at the paper before each group. */
const PACE = { keysPerSecond: 2.5, lookSeconds: 1 }
const pause = (seconds) => new Promise((next) => setTimeout(next, seconds * 1000))

async function typed(name, play) {
  const command = `'${process.execPath}' '${CLI}' share inspect --type --no-record --custody '${fileURLToPath(new URL('custody', VECTORS))}'`
  const terminal = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, NO_COLOR: '1' } })
  let shown = ''
  terminal.stdout.on('data', (chunk) => (shown += chunk))
  const until = async (words) => { while (!shown.includes(words)) await pause(0.01) }
  let keys = 0
  const press = async (key) => {
    await pause(1 / PACE.keysPerSecond)
    terminal.stdin.write(key)
    keys += 1
  }
  await until('Group 1 of 21.')
  const start = performance.now()
  await play({ press, until, paste: (text) => { terminal.stdin.write(text); keys += 1 } })
  await until('every character is right')
  const seconds = (performance.now() - start) / 1000
  terminal.kill()
  console.log(`${name.padEnd(58)} ${String(keys).padStart(3)} keystrokes ${seconds.toFixed(0).padStart(4)} s${name.startsWith('typed') ? ' (goal 120)' : ''}`)
}

const byGroups = async (text, press) => {
  for (const group of text.match(/.{1,4}/g)) {
    await pause(PACE.lookSeconds)
    for (const key of group.toLowerCase()) await press(key)
  }
}
const slip = share.slice(0, 50) + (share[50] === 'Q' ? 'P' : 'Q') + share.slice(51)

console.log(`${share.length} characters in groups of four; ${PACE.keysPerSecond} keys a second, and ${PACE.lookSeconds} s for each look at the paper`)
await Promise.all([
  typed('typed without a slip', async ({ press }) => {
    await byGroups(share, press)
    await press('\r')
  }),
  typed('typed with a slip that is noticed: back a group, typed again', async ({ press }) => {
    await byGroups(slip.slice(0, 52), press)
    await press('<')
    await byGroups(share.slice(48), press)
    await press('\r')
  }),
  typed('typed with a slip that the checksum finds, compared: yes', async ({ press, until }) => {
    await byGroups(slip, press)
    await press('\r')
    await until('(yes/no)')
    await pause(5)
    for (const key of 'yes\r') await press(key)
  }),
  typed('by a scanner that types', async ({ paste }) => {
    paste(`${share}\r`)
  }),
])
process.exit(0)
