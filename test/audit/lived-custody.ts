/**
 * A custody that has lived: a ceremony, a takeover, a release that came to nothing, a release and a second ceremony,
 * made with the real commands on a simulator. Made once for a test file; each test tampers with a copy of its own.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { canonicalJson, type Json } from '../../src/canonical.js'
import { chainLine, EMPTY, type Head } from '../../src/record/chain.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import { CLI, type Ended } from '../stage/command-line.js'
import { rehearsal } from '../stage/rehearsal.js'

/** Another build than dist/ can be tried without touching what others run. */
const BUILT = process.env['GLASSKEY_DIST']
const cli = BUILT === undefined ? CLI : resolve(BUILT, 'cli.js')

/** The custody, the cloud that it lived in, and a way to run commands on both. */
export interface LivedCustody {
  cloud: Simulator
  /** The untouched custody folder. */
  custody: string
  /** Working folder of commands. */
  directory: string
  /** Flags that point a command at the simulator. */
  oci: string[]
  /** Sessions in order. In the second one custodians brought sheets of a dead generation, so no key was live. */
  sessions: [takeover: string, refused: string, release: string]
  run: (...args: string[]) => Promise<Ended>
  /** A copy of the custody folder. */
  copy: () => string
  end: () => Promise<void>
}

/** Lives on after the prepared takeover. Throws when a command of the life does not end as it should. */
export async function liveOnce(): Promise<LivedCustody> {
  const stage = await rehearsal()
  const run = (...args: string[]): Promise<Ended> => stage.run(args, { cli })
  const good = async (...args: string[]): Promise<void> => {
    const ended = await run(...args)
    if (ended.code !== 0) throw new Error(`glasskey ${args[0] ?? ''}: exit ${ended.code}\n${ended.stderr}`)
  }
  const refused = await run(...stage.saasAdmin(1))
  if (refused.code !== 5) throw new Error(`sheets of a dead generation: exit ${refused.code}\n${refused.stderr}`)
  await good(...stage.saasAdmin(2, '--reader', 'AUDITOR'))
  await good('ceremony', '--custody', stage.custody, '--sheets', 'sheets-2', '--outbox', 'outbox', '--rehearsal', '--yes')
  await good('ceremony', 'import', '--custody', stage.custody, '--outbox', 'outbox')
  const told = linesOf(join(stage.custody, 'logbook.jsonl')).flatMap(({ session }) => (typeof session === 'string' ? [session] : []))
  let copies = 0
  return {
    cloud: stage.cloud,
    custody: stage.custody,
    directory: stage.directory,
    oci: stage.oci,
    sessions: [told[0] ?? '', told[1] ?? '', told[2] ?? ''],
    run,
    copy: () => {
      const copy = join(stage.directory, `copy-${(copies += 1)}`)
      cpSync(stage.custody, copy, { recursive: true })
      return copy
    },
    end: () => stage.close(),
  }
}

/** Lines of a chained file, parsed. */
export function linesOf(path: string): Record<string, Json>[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, Json>)
}

/** Changes one line and leaves the chain as it was: what a text editor does. */
export function editLine(path: string, number: number, change: (line: Record<string, Json>) => Record<string, Json>): void {
  const lines = linesOf(path).map((line, at) => canonicalJson(at === number - 1 ? change(line) : line))
  writeFileSync(path, lines.join('\n') + '\n')
}

/**
 * Rewrites a chained file and chains it anew from the first line: what somebody does who has read the specification.
 * A last signature is moved to the head that it now follows, and cannot be made again; outcomes follow their intents.
 * `chained` is told of each line that is. Returns the new head.
 */
export function rewrite(path: string, change: (line: Record<string, Json>) => Record<string, Json> | null, chained?: (head: Head) => void): string {
  let head = EMPTY
  const texts: string[] = []
  const moved = new Map<Json, number>()
  for (const line of linesOf(path)) {
    const changed = change(line)
    if (changed === null) continue
    const { seq, at, ...fields } = changed
    moved.set(seq ?? null, head.seq + 1)
    if (fields['type'] === 'head-signed') fields['of'] = head.sha256
    if (fields['intent'] !== undefined) fields['intent'] = moved.get(fields['intent']) ?? fields['intent']
    const next = chainLine(head, at as string, { ...fields, type: fields['type'] as string })
    texts.push(next.text)
    head = next.head
    chained?.(head)
  }
  writeFileSync(path, texts.join('\n') + '\n')
  return head.sha256
}

/** Keeps the first lines of a file. */
export function keepLines(path: string, count: number): void {
  writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, count).join('\n') + '\n')
}
