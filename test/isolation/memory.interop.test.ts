/** Isolation shown, not claimed: the key is in the strongroom while it is live, and in nothing else, before or after. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { combine } from 'shamir-secret-sharing'
import { afterEach, expect, test } from 'vitest'
import { openWithSecret } from '../../src/custody/envelope.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { CLI } from '../stage/command-line.js'
import { folderOf } from '../stage/processes.mjs'
import { rehearsal, withoutShares, type Rehearsal } from '../stage/rehearsal.js'
import { roomsUnder, searchMemory, type Needles } from './memory.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** What must never be where it does not belong: the secret raw and as hex, p, q and d, and a line of the PEM. */
async function needlesOf({ custody, shareText }: { custody: string; shareText: (custodian: number) => Promise<string> }): Promise<Needles> {
  const shares = await Promise.all([1, 2].map(async (custodian) => parseShareText(await shareText(custodian)).bytes))
  const secret = Buffer.from(await combine(shares))
  const { privateKey, pem } = await openWithSecret(new Uint8Array(readFileSync(join(custody, 'generations/2/envelope.pgp'))), new Uint8Array(secret))
  const jwk = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' })
  const big = (part: string | undefined): Buffer => Buffer.from(part ?? '', 'base64url')
  // OpenSSL keeps numbers as 64-bit limbs, least first: on this machine the whole number reversed.
  const limbs = (part: string | undefined): Buffer => Buffer.from(big(part)).reverse()
  return {
    'seal secret': secret,
    'seal secret, hex': Buffer.from(secret.toString('hex')),
    p: limbs(jwk.p),
    q: limbs(jwk.q),
    d: limbs(jwk.d),
    'PEM line': Buffer.from(Buffer.from(pem).toString().split('\n')[7] ?? ''),
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`timed out: ${what}`)
}

function filesUnder(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
}

/**
 * Whether a process was started by another worker of this test run, or by what works in the folder of another rehearsal:
 * there, desks are killed while their rooms go on. What else lost its parent is nobody's, and is looked at.
 */
function isOfAnotherTest(pid: number, folder: string): boolean {
  for (let one = pid; one > 1; one = parentOf(one)) {
    const at = folderOf(one)
    if (at !== undefined && at !== folder && dirname(at) === dirname(folder) && basename(at).startsWith('glasskey-')) return true
    if (parentOf(one) === process.ppid) return one !== process.pid
  }
  return false
}

/** The parent's number; 0 for a process that has ended. */
function parentOf(pid: number): number {
  try {
    // The name, in brackets, may hold anything; state and parent follow it.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1] ?? 0)
  } catch (error) {
    if (error instanceof Error) return 0
    throw error
  }
}

test('while the key is live the scanner finds it in the strongroom, and in neither desk nor clerk nor reader', async () => {
  stage = await rehearsal()
  const needles = await needlesOf({ custody: stage.custody, shareText: (custodian) => (stage as Rehearsal).shareText(2, custodian) })
  // The action is held up by a slow answer, so that there is time to look.
  stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 6000 } })
  const desk: ChildProcess = spawn(process.execPath, [CLI, ...withoutShares(stage.saasAdmin()), ...stage.scans(2, 1, 2)], { cwd: stage.directory, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  desk.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<number>((resolve) => desk.once('close', (code) => resolve(code ?? -1)))
  // The reader, which saw the sheets, is ended at the quorum.
  await until(() => 'reader' in roomsUnder(desk.pid ?? 0), 'the reader')
  await until(() => said.includes('Asking OCI: enable SAAS_ADMIN'), 'the action')
  const rooms = roomsUnder(desk.pid ?? 0)
  expect(Object.keys(rooms).sort()).toEqual(['clerk', 'desk', 'strongroom'])
  // This very process has all of them. The strongroom has opened the seal: what is left of its secret may be overwritten already.
  expect(searchMemory(process.pid, needles)).toEqual(Object.keys(needles).sort())
  expect(searchMemory(rooms.strongroom ?? 0, needles)).toEqual(expect.arrayContaining(['PEM line', 'd', 'p', 'q']))
  expect(searchMemory(rooms.desk ?? 0, needles)).toEqual([])
  expect(searchMemory(rooms.clerk ?? 0, needles)).toEqual([])

  // After the burn the desk goes on with the proof: the key is in no process and in no file.
  await until(() => said.includes('Proving it dead'), 'the burn')
  const after = roomsUnder(desk.pid ?? 0)
  expect(after.strongroom).toBeUndefined()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    // This test process knows the needles; its worker's parents may hold copies of nothing of it. Other tests use the same set.
    if (Number(pid) !== process.ppid && !isOfAnotherTest(Number(pid), stage.directory)) expect(searchMemory(Number(pid), needles), `process ${pid}`).toEqual([])
  }
  expect(await ended).toBe(0)
  for (const file of filesUnder(stage.directory).filter((path) => !path.includes('/sheets/'))) {
    const bytes = readFileSync(file)
    for (const [name, needle] of Object.entries(needles)) expect(bytes.includes(needle), `${name} in ${file}`).toBe(false)
  }
})
