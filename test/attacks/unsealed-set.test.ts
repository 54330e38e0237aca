/** A set whose ceremony never came to its end, or tells of something else, is neither installed nor imported. */
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { canonicalJson, sha256Hex } from '../../src/canonical.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { numbersIn, places } from '../../src/host/sealed-folder.js'
import { LineFile } from '../../src/host/line-file.js'
import { requireSealed } from '../../src/host/sealed-set.js'
import { readLogbook } from '../../src/record/logbook.js'
import { here } from '../stage/here.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { linesOf as linesOfChain } from '../audit/lived-custody.js'
import { copyOf, editManifest, forgeRecords } from './tamper.js'

let stage: Rehearsal
afterEach(() => stage.close())

const linesOf = (transcript: string): string[] => readFileSync(transcript, 'utf8').trimEnd().split('\n')

/** Done to a custody folder or an outbox whose generations from `first` on one ceremony made; each is noticed before anything is changed. */
const ATTACKS: [string, (folder: string, first: number, wanted: number) => void, (wanted: number) => RegExp][] = [
  [
    'a manifest that names no transcript',
    (folder) => {
      for (const generation of numbersIn(places.generations(folder))) editManifest(folder, generation, (manifest) => (manifest.transcriptSha256 = null))
      // An outbox has no logbook yet, which would contradict it.
      if (existsSync(places.logbook(folder))) forgeRecords(folder)
    },
    (wanted) => new RegExp(`GENERATION ${wanted} is not sealed: its manifest names no transcript of a ceremony`),
  ],
  ['no transcript', (folder, first) => { rmSync(places.transcript(folder, first)) }, (wanted) => new RegExp(`GENERATION ${wanted} is not sealed: the transcript of its ceremony is not in records/`)],
  ['a transcript with a line more', (folder, first) => { appendFileSync(places.transcript(folder, first), '{}\n') }, () => /CHAIN_BROKEN/],
  ['a transcript without its end', (folder, first) => { writeFileSync(places.transcript(folder, first), linesOf(places.transcript(folder, first)).slice(0, -1).join('\n') + '\n') }, () => /does not come to an end: the ceremony was not closed/],
  ['a bag number changed', (folder, first) => { writeFileSync(places.transcript(folder, first), readFileSync(places.transcript(folder, first), 'utf8').replace('"bag":"none', '"bag":"nine')) }, () => /CHAIN_BROKEN/],
]

test.each(ATTACKS)('takeover: %s', async (_, attack, message) => {
  stage = await rehearsal({ after: 'sealed' })
  attack(stage.custody, 1, 1)
  const before = stage.cloud.stateDigest()
  const { code, stderr } = await stage.run(stage.takeover())
  expect([code, stderr]).toEqual([4, expect.stringMatching(message(1))])
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(readdirSync(stage.custody)).not.toContain('sessions')
})

test.each(ATTACKS)('rotation to an unsealed successor: %s', async (_, attack, message) => {
  stage = await rehearsal()
  attack(stage.custody, 1, 3)
  const [before, sessions] = [stage.cloud.stateDigest(), readdirSync(join(stage.custody, 'sessions'))]
  const { code, stderr } = await stage.run(stage.rotate())
  expect([code, stderr]).toEqual([4, expect.stringMatching(message(3))])
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(readdirSync(join(stage.custody, 'sessions'))).toEqual(sessions)
})

test('import of an unsealed outbox: each of the same is refused, and the folder stays as it was; untouched it is imported', async () => {
  stage = await rehearsal({ speed: 8 })
  // A later ceremony is held when few generations wait.
  expect((await stage.run(stage.rotate())).code).toBe(0)
  const outbox = join(stage.directory, 'outbox')
  const held = await stage.run(['ceremony', '--custody', stage.custody, '--outbox', outbox, '--sheets', join(stage.directory, 'sheets-2'), '--rehearsal', '--yes'])
  expect(held.code, held.stderr).toBe(0)
  const untouched = digestOf(stage.custody)
  for (const [name, attack, message] of ATTACKS) {
    const altered = join(stage.directory, `outbox, ${name}`)
    cpSync(outbox, altered, { recursive: true })
    attack(altered, 5, 5)
    const { code, stderr } = await here(['ceremony', 'import', '--custody', stage.custody, '--outbox', altered])
    expect([name, code, stderr]).toEqual([name, 4, expect.stringMatching(message(5))])
    expect(digestOf(stage.custody), name).toBe(untouched)
  }
  for (const [name, attack, message] of ON_THE_STICK) {
    const altered = join(stage.directory, `outbox, ${name}`)
    cpSync(outbox, altered, { recursive: true })
    attack(altered)
    const { code, stderr } = await here(['ceremony', 'import', '--custody', stage.custody, '--outbox', altered])
    expect([name, code, stderr]).toEqual([name, name.includes('MiB') ? 2 : 4, expect.stringMatching(message)])
    expect(digestOf(stage.custody), name).toBe(untouched)
  }
  // What no folder could be read with again is refused before anything is written.
  const named = copyOf(stage)
  const [ceremony = expect.fail()] = linesOfChain(places.logbook(named))
  LineFile.open(places.logbook(named), readLogbook, () => new Date()).append({ ...ceremony, generations: [{ generation: 5, keyId: '0'.repeat(16), spkiSha256: '0'.repeat(64), manifestSha256: '0'.repeat(64) }] } as never)
  const half = copyOf(stage)
  cpSync(places.generation(outbox, 5), places.generation(half, 5), { recursive: true })
  editManifest(half, 5, (manifest) => (manifest.transcriptSha256 = '0'.repeat(64)))
  for (const [folder, said] of [[named, /FOLDER_ALTERED: entry \d+ of the logbook names another manifest of GENERATION 5 than this outbox has\nNothing was changed\./], [half, /the folder has another GENERATION 5 already/]] as const) {
    const before = digestOf(folder)
    const { code, stderr } = await here(['ceremony', 'import', '--custody', folder, '--outbox', outbox])
    expect([code, stderr]).toEqual([4, expect.stringMatching(said)])
    expect(digestOf(folder)).toBe(before)
  }
  expect((await here(['status', '--custody', named])).stdout).toContain('RED: GENERATION 5 is in the logbook and not in the folder: glasskey ceremony import brings it back from the outbox of its ceremony; or fetch an untouched copy')
  expect((await stage.run(['ceremony', 'import', '--custody', stage.custody, '--outbox', outbox])).code).toBe(0)

  // A folder that was copied by halves: said, no ceremony is held over it, and another import brings the generation.
  const imported = digestOf(stage.custody)
  rmSync(places.generation(stage.custody, 5), { recursive: true })
  expect((await here(['status', '--custody', stage.custody])).stdout).toContain('Next: glasskey ceremony import, once more')
  const over = await here(['ceremony', '--custody', stage.custody, '--outbox', join(stage.directory, 'outbox-2'), '--sheets', join(stage.directory, 'sheets-3'), '--rehearsal', '--yes'])
  expect([over.code, over.stderr]).toEqual([4, expect.stringContaining('FOLDER_ALTERED: GENERATION 5 is in the logbook and not in the folder\nFirst, from the outbox of its ceremony: glasskey ceremony import, once more.')])
  expect((await here(['ceremony', 'import', '--custody', stage.custody, '--outbox', outbox])).stdout).toMatch(/^GENERATION 5 was imported before: logbook entry \d+\. Added: generations\/5\./)
  expect(digestOf(stage.custody)).toBe(imported)

  // A copy by hand that was broken off, or a power cut: check says so, and another import brings the whole.
  const transcript = places.transcript(stage.custody, 5)
  const whole = readFileSync(transcript, 'utf8')
  for (const half of ['', whole.slice(0, 100)]) {
    writeFileSync(transcript, half)
    expect((await here(['check', '--custody', stage.custody, ...stage.oci])).stdout).toMatch(/note {2}GENERATION 5: .+\. Where its ceremony had an outbox, glasskey ceremony import brings what is missing\n/)
    expect((await here(['ceremony', 'import', '--custody', stage.custody, '--outbox', outbox])).code).toBe(0)
    expect(readFileSync(transcript, 'utf8')).toBe(whole)
  }
})

const inEntry = (change: (entry: { exceptions: string[]; threshold: number; generations: { keyId: string }[] }) => void) => (outbox: string): void => {
  const entry = JSON.parse(readFileSync(places.entry(outbox), 'utf8')) as Parameters<typeof change>[0]
  change(entry)
  writeFileSync(places.entry(outbox), canonicalJson(entry) + '\n')
}

/** What whoever carries an outbox can change of it, for nobody signs it. */
const ON_THE_STICK: [string, (outbox: string) => void, RegExp][] = [
  ['exceptions left out of the entry', inEntry((entry) => (entry.exceptions = [])), /entry\.json says otherwise than the transcript \(exceptions\)/],
  ['another threshold in the entry', inEntry((entry) => (entry.threshold = 1)), /entry\.json says otherwise than the transcript \(threshold\)/],
  ['another key id in the entry', inEntry((entry) => { for (const one of entry.generations) one.keyId = '0'.repeat(16) }), /entry\.json says otherwise than the transcript \(generations\)/],
  ['an envelope of 2 MiB', (outbox) => { writeFileSync(join(places.generation(outbox, 5), 'envelope.pgp'), Buffer.alloc(2 * 1024 * 1024)) }, /the envelope is larger than 1 MiB/],
  ['a link to what lies elsewhere', (outbox) => { symlinkSync('/etc/hostname', join(outbox, 'records', 'ceremony-from-generation-5-a.pdf')) }, /ceremony-from-generation-5-a\.pdf is a symbolic link/],
  ['a file among the signers that is no key', (outbox) => {
    mkdirSync(places.signers(outbox), { recursive: true })
    writeFileSync(join(places.signers(outbox), `${'A'.repeat(40)}.asc`), 'a secret of somebody')
  }, /signers\/A{40}\.asc is not the public key of that fingerprint/],
]

/** Every file of a folder, by name and content. */
function digestOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return files.sort().map((path) => `${path} ${sha256Hex(readFileSync(path))}`).join('\n')
}

test('a whole transcript of another set seals nothing here', async () => {
  stage = await rehearsal({ after: 'sealed' })
  const other = await rehearsal({ after: 'sealed' })
  try {
    const [first] = readCustodyFolder(stage.custody).generations
    if (!first) throw new Error('no generation')
    const told = readFileSync(places.transcript(stage.custody, 1), 'utf8')
    expect(requireSealed(stage.custody, first.manifest).sha256).toBe(first.manifest.transcriptSha256)
    expect(() => requireSealed(stage.custody, { ...first.manifest, envelopeSha256: '0'.repeat(64) })).toThrow('its transcript tells of another manifest or envelope')
    expect(() => requireSealed(stage.custody, { ...first.manifest, transcriptSha256: '0'.repeat(64) })).toThrow('is not the transcript that its manifest names')
    expect(told).toContain('"did":"rehearsal --yes"')
  } finally {
    await other.close()
  }
})
