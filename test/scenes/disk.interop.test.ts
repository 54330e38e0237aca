/** A real disk that is full, a real folder that is read-only and a real one that goes, in a mount namespace: before a session, and with the key live. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { played } from '../stage/played.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const UNWRITABLE = /^FILE_UNWRITABLE: nothing can be written at \S*small\/\S+ \(E\w+: [^)]+\)\nCheck the folder, its permissions and the space left\.\n$/
const MISSING = /^FILE_MISSING: custody\.yaml is not there: \S*small\/custody\.yaml\nCheck the path\.\n$/

/** Disks that fail in a way of their own, and what is said of them before a session; `spoil` may be called again and again. */
const DISKS = [
  ['a full disk', 'mount -t tmpfs -o size=3m small small; cp -a custody/. small', 'cat /dev/zero >>small/filler 2>/dev/null', 'rm small/filler', UNWRITABLE],
  ['a read-only folder', 'cp -a custody/. small; mount --bind small small', 'mount -o remount,bind,ro small', 'mount -o remount,bind,rw small', UNWRITABLE],
  ['a stick that is pulled out', 'mkdir stick; mount -t tmpfs stick stick; cp -a custody/. stick; mount --bind stick small', 'umount -l small 2>/dev/null', 'mount --bind stick small', MISSING],
] as const

/**
 * The folder lies on the disk `small`. A session before which the disk is spoilt; one that is spoilt while the action hangs,
 * and as long as it lasts; and what people do next. Output and exit codes go to files.
 */
const SCRIPT = (make: string, spoil: string, mend: string): string => `set -u
mkdir small; ${make}
run() { name=$1; shift; "$@" >"$name.out" 2>"$name.err"; echo $? >"$name.code"; }
${spoil}; run before $GLASSKEY $RELEASE; ${mend}; ls small small/sessions >before.list
run during $GLASSKEY $RELEASE & session=$!
until grep -q "Asking OCI: enable" during.err; do sleep 0.05; done
while kill -0 $session 2>/dev/null; do ${spoil}; sleep 0.02; done
${mend}
run status $GLASSKEY status --custody small
kept=$(grep -o -e '--kept-lines /[^ ]*' during.err | head -n 1)
run resume $GLASSKEY $RESUME $kept
run again $GLASSKEY $RESUME --session $(ls small/sessions | tail -n 1) $kept
run verify $GLASSKEY logbook verify --custody small
run audit $GLASSKEY audit --custody small $AUDIT
`

test.each(DISKS)('%s: before a session a named refusal; with the key live the exit goes on, and resume completes the record', async (name, make, spoil, mend, before) => {
  stage = await rehearsal({ speed: 4 })
  const { directory, custody, cloud, oci } = stage
  cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 1500 } })
  const { node = [], env } = played(stage.time)
  const small = (args: readonly string[]): string => args.map((word) => (word === custody ? 'small' : word)).map((word) => word.replace('Lin Chen', 'Lin').replace('Head of Operations', 'Head')).join(' ')
  const words = { GLASSKEY: [process.execPath, ...node, CLI].join(' '), RELEASE: small(stage.saasAdmin(2, '--reader', 'AUDITOR')), RESUME: small(['resume', '--custody', custody, '--yes', '--reader', 'AUDITOR', ...oci]), AUDIT: ['--profile', 'AUDITOR', ...oci, '--json'].join(' ') }
  const shell = spawn('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', SCRIPT(make, spoil, mend)], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env, ...words, NO_COLOR: '1' } })
  await new Promise((done) => shell.once('close', done))
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8')

  expect(read('before.err')).toMatch(before)
  expect(read('before.code')).toBe('2\n')
  expect(read('before.list')).not.toMatch(/lock|new-|opening/)

  expect(read('during.err')).toMatch(/^No disk takes the journal \(E\w+: .+\)\. Its lines are kept in \S+ until it does: do not switch this machine off\.$/m)
  expect(read('during.err')).toMatch(/The used key [0-9a-f]{16} is deleted\./)
  expect(read('during.code')).toBe('6\n')
  expect(read('during.err')).toMatch(/^OUTCOME_UNKNOWN: session \S+ cannot be concluded: FILE_(UNWRITABLE: nothing can be written at \S+ \(E\w+: .*\)|MISSING: the journal is not there: \S+)\. The lines of its journal that are missing, \d+, are kept in \S+\n(Check [a-z, ]+\. )?Mend that before this machine is switched off; the key of GENERATION 2 counts as alive until then\. Then: glasskey resume --custody \S+ --session \S+ --kept-lines \S+\n$/m)
  expect(read('during.err')).not.toContain('It was not deleted')
  expect(stage.listedKeys).toBe(1)

  expect(read('status.out')).toMatch(/^RED: session .* has not come to its end: the key of GENERATION 2 may be alive\n/)
  // What can still be read is no reason to wait with the proof.
  const proof = name.includes('pulled') ? { in: 'resume.err', grade: 'listed-only' } : { in: 'during.err', grade: 'proved' }
  expect(read(proof.in)).toContain(`is dead: ${proof.grade}`)
  expect(read('resume.code')).toBe('0\n')
  expect(read('resume.err')).toMatch(/^\d+ lines are back in the journal; \S+ is not needed any more\.\n/)
  // Typed once more, the command does nothing.
  expect([read('again.code'), read('again.out')]).toEqual(['0\n', expect.stringContaining('Nothing is open')])
  expect(read('verify.code')).toBe('0\n')
  expect(JSON.parse(read('audit.out'))).toMatchObject({ opinion: { keyRevoked: { verdict: 'Yes' } } })
})
