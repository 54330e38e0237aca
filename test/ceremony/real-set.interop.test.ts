/** A real ceremony (not a rehearsal), in an empty network namespace, where it may run; and what a real set refuses. */
import { execFile } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { scriptFor } from '../../src/ceremony/script.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { lookForNetwork } from '../../src/host/air-gap.js'
import { swapOnDisk } from '../../src/host/swap.js'
import { CLI, glasskey } from '../stage/command-line.js'
import { holdCeremony, printedFor } from '../stage/held-ceremony.js'
import { onTerminal } from '../stage/on-terminal.js'
import { rehearsal, withoutShares } from '../stage/rehearsal.js'

const run = promisify(execFile)
/** Of the machine that this runs on. */
const swap = swapOnDisk()
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-real-'))
  writeFileSync(
    join(directory, 'custody.yaml'),
    custodyYaml({ team: 'Team', contact: 'Desk', tenancy: 'ocid1.tenancy.oc1..aaaaaaaatenancy', user: 'ocid1.user.oc1..aaaaaaaauser', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'], threshold: 2, custodians: ['Ada', 'Grace', 'Katherine'], copies: 1, generations: 2, keySize: 2048, paper: 'Letter', maximumHours: 4 }),
  )
  const { codeName } = scriptFor({ custody: parseCustodyYaml(readFileSync(join(directory, 'custody.yaml'), 'utf8')), rehearsal: false, first: 1, count: 2, previousManifestSha256: null })
  const terminal = onTerminal({ directory }, ['unshare', '-rn', process.execPath, CLI, 'ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets'])
  const table = {
    roles: { administrator: 'Joan Clarke', operator: 'Radia Perlman', 'internal witness': 'John von Neumann', 'external witness': 'Emmy Noether' },
    codeName,
    keys: {},
    scansOf: (custodian: number) => printedFor(join(directory, 'paper'), custodian),
    once: [
      { words: 'm: it is mended', answers: ['d', 'the folder is on a disk that will be destroyed', '', ...swap.flatMap(() => ['d', 'its disk will be destroyed', '']).slice(0, 3)] },
      { words: 'Exceptions:', answers: [swap.length === 0 ? '1' : '2'] },
    ],
  }
  const code = await holdCeremony(terminal, table, join(directory, 'sheets'), join(directory, 'paper'))
  expect(code, terminal.shown().slice(-3000)).toBe(0)
}, 240_000)
afterAll(() => {
  rmSync(directory, { recursive: true })
})

const sheet = (custodian: number): string => join(directory, `paper/generation-1-custodian-${custodian}-copy-1.pdf`)

test('its sheets are real sheets', async () => {
  const { stdout } = await run('unshare', ['-rn', process.execPath, CLI, 'share', 'inspect', '--scan', sheet(1), '--custody', 'custody', '--json'], { cwd: directory })
  expect(JSON.parse(stdout)).toMatchObject({ shares: [{ rehearsal: false, custodian: 1, generation: 1, promised: true }], whole: true, inspection: null })
})

test('--yes does not recover a real key; the sentence must be typed at a terminal', async () => {
  const { code, stdout, stderr } = await glasskey(['recover', '--scan', sheet(1), sheet(2), '--yes'], { cwd: directory })
  expect([code, stdout]).toEqual([3, ''])
  expect(stderr).toContain('REHEARSAL_MISMATCH: --yes is for rehearsal sheets only')
  const terminal = onTerminal({ directory }, ['unshare', '-rn', process.execPath, CLI, 'recover', '--scan', sheet(1), '--scan', sheet(2), '--yes', '--out', 'key.pem'])
  await terminal.until('This ends the custody: the key must be rotated afterwards. Type: I end the custody of this key')
  expect(terminal.shown()).toContain('--yes is for rehearsal sheets only, and these are real.')
  terminal.type('yes\n')
  await terminal.until('That is not the sentence. Enter alone stops, and no key is shown.')
  expect(existsSync(join(directory, 'key.pem'))).toBe(false)
  terminal.type('I end the custody of this key\n')
  expect(await terminal.ended).toBe(0)
  expect(createPrivateKey(readFileSync(join(directory, 'key.pem'))).asymmetricKeyType).toBe('rsa')
  expect(terminal.shown()).not.toContain('NETWORK')
})

/** What this machine has itself: a namespace of one's own cannot be given a network everywhere. */
const { ways } = lookForNetwork()
test.runIf(ways.length > 0)('where there is a network it is named before a sheet is read, and a second sentence asked for before the key is shown', async () => {
  const terminal = onTerminal({ directory }, [process.execPath, CLI, 'recover', '--scan', sheet(1), '--scan', sheet(2), '--out', 'wired.pem'])
  await terminal.until('Type: I end the custody of this key')
  expect(terminal.shown().split('\n')[0]).toBe(`THIS MACHINE HAS A NETWORK: ${ways.join('; ')}. Real sheets: end this with Ctrl-C, unplug it, switch radios off, and begin again.`)
  terminal.type('I end the custody of this key\n')
  await terminal.until(`This machine still has a network: ${ways.join('; ')}. Unplug it now; or take the key for known to others, and rotate it at once. Type: I show this key to a machine with a network\n>`)
  expect(existsSync(join(directory, 'wired.pem'))).toBe(false)
  terminal.type('I show this key to a machine with a network\n')
  expect(await terminal.ended).toBe(0)
  expect(existsSync(join(directory, 'wired.pem'))).toBe(true)
})

test('a real key goes to no simulator, and a simulator\'s session takes no real sheet', async () => {
  const stage = await rehearsal()
  try {
    const { code, stderr } = await glasskey(['takeover', '--custody', 'custody', '--profile', 'BOOTSTRAP', '--yes', '--scan', sheet(1), sheet(2), ...stage.oci], { cwd: directory })
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/OCI_CONFIG_INVALID: profile BOOTSTRAP is of another tenancy|REHEARSAL_MISMATCH/)
    const before = stage.cloud.stateDigest()
    const args = withoutShares(stage.rotate())
    const mixed = await stage.run([...args, '--scan', stage.sheet(2, 1), '--scan', sheet(2)])
    expect(mixed.stderr).toContain('this is a REAL sheet (GK), and this is a rehearsal.')
    expect(mixed.code).toBe(5)
    expect(stage.cloud.stateDigest()).toBe(before)
  } finally {
    await stage.close()
  }
})

test('--yes conducts no real ceremony, and its sheets are never kept', async () => {
  for (const [flag, message] of [['--yes', '--yes is for rehearsals only: people conduct a real ceremony'], ['--keep-sheets', 'a ceremony is a dialogue']] as const) {
    const { stderr } = await glasskey(['ceremony', '--config', 'custody.yaml', '--custody', 'another', flag], { cwd: directory })
    // On a machine with a network that is what is said first.
    expect(stderr).toMatch(new RegExp(`${message}|NOT_AIR_GAPPED`))
  }
})

test('the record says where the sheets went', () => {
  const [line = ''] = readFileSync(join(directory, 'custody/logbook.jsonl'), 'utf8').split('\n')
  expect(JSON.parse(line)).toMatchObject({ rehearsal: false, exceptions: expect.arrayContaining(['1, step 3.7: sheets lie in a NAMED FOLDER ON A DISK: destroy it with the machine (Joan Clarke)']) as string[], machine: expect.arrayContaining([`Swap: ${swap.length === 0 ? 'none on a disk' : `memory may be swapped to ${swap.join(', ')}`}`, 'Network: none (interfaces with a carrier, default routes)']) as string[] })
})
