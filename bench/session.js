// Figures, not assertions: what glasskey itself costs in a session, on the simulator. Run: npm run bench
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)]
const timed = (args) => {
  const start = performance.now()
  spawnSync(process.execPath, args, { stdio: 'ignore' })
  return performance.now() - start
}

const many = (args) => median(Array.from({ length: 15 }, () => timed(args)))
timed([CLI, '--help'])
const empty = many(['-e', '0'])
const help = many([CLI, '--help'])
console.log(`start-up of an empty node     ${empty.toFixed(0)} ms`)
console.log(`start-up of glasskey --help   ${help.toFixed(0)} ms   ${(help / empty).toFixed(2)} times (goal 1.6)`)

const directory = mkdtempSync(join(tmpdir(), 'glasskey-bench-'))
const start = performance.now()
const drill = spawnSync(process.execPath, [CLI, 'drill', '--dir', join(directory, 'drill')], { encoding: 'utf8' })
if (drill.status !== 0) throw new Error(drill.stderr)
console.log(`the drill, all of it          ${((performance.now() - start) / 1000).toFixed(1)} s (goal 90)`)

const sessions = join(directory, 'drill', 'custody', 'sessions')
for (const id of readdirSync(sessions).sort()) {
  const lines = readFileSync(join(sessions, id, 'journal.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
  const at = (test) => Date.parse(lines.find(test)?.at ?? '')
  const live = at((line) => line.type === 'key-live')
  if (Number.isNaN(live)) continue
  const lastShare = Math.max(...lines.filter((line) => line.type === 'share-accepted').map((line) => Date.parse(line.at)))
  const first = at((line) => line.type === 'intent' && line.by === 'strongroom')
  const burned = lines.find((line) => line.type === 'burned')
  const waited = lines.reduce((sum, line, index) => sum + (line.type === 'outcome' ? Date.parse(line.at) - Date.parse(lines.findLast((other, before) => before < index && other.type === 'intent').at) : 0), 0)
  console.log(`${lines[0].action.padEnd(12)} last share to first signed request ${first - lastShare} ms (goal 300); key live ${burned.secondsLive} s, of which OCI answered for ${(waited / 1000).toFixed(2)} s`)
}
rmSync(directory, { recursive: true, force: true })
