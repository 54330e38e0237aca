/** What people do to a custody and its cloud outside of glasskey, on their own or because it told them to. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiKeyRecord } from '../../src/simulator/tenancy.js'
import { assertNobodyLockedOut, livingKeys, usedAndAlive } from './cloud-truth.js'
import type { Ended } from './command-line.js'
import type { Rehearsal } from './rehearsal.js'

/** What they do unasked, between two commands. */
export const DEEDS = ['an administrator deletes the used key', 'the sheets of the used key are lost'] as const
export type Deed = (typeof DEEDS)[number]

/** Does it, where a key is used and alive, and another generation's is there for people to go on with. Answers whether it was. */
export async function isDone(deed: Deed, stage: Rehearsal): Promise<boolean> {
  const [used] = usedAndAlive(stage)
  if (used === undefined || !livingKeys(stage).some(({ generation }) => generation !== null && generation > used)) return false
  if (deed === 'an administrator deletes the used key') return deleteKey(stage, ({ generation }) => generation === used)
  for (const custodian of [1, 2]) {
    const sets = [`custodian=${custodian}`, 'copy=1', `generations=${used}`, 'witness=Emmy Noether'].flatMap((set) => ['--set', set])
    const { code, stderr } = await stage.run(['logbook', 'add', 'lost', '--custody', stage.custody, ...sets])
    if (code !== 0) throw new Error(`glasskey logbook add lost ended with ${code}:\n${stderr}`)
  }
  return true
}

/** Does what an administrator was asked for: to upload a public key, to delete one. */
export function administer(stage: Rehearsal, { stderr }: Pick<Ended, 'stderr'>): void {
  const upload = /[Aa]n administrator (?:first )?uploads the public key of GENERATION (\d+)/.exec(stderr)?.[1]
  if (upload !== undefined && !livingKeys(stage).some(({ generation }) => generation === Number(upload))) {
    const { publicKeyPem } = JSON.parse(readFileSync(join(stage.custody, 'generations', upload, 'manifest.json'), 'utf8')) as { publicKeyPem: string }
    stage.cloud.happen({ event: 'upload-api-key', userId: stage.cloud.seed.users.administrator, publicKeyPem })
  }
  const fingerprint = /(?:\. An administrator|, and only then) deletes API key ([0-9a-f:]+)/.exec(stderr)?.[1]
  if (fingerprint !== undefined) deleteKey(stage, (key) => key.fingerprint === fingerprint)
}

/** Deletes a key, unless everybody would be locked out. Answers whether it is gone now. */
function deleteKey(stage: Rehearsal, is: (key: { fingerprint: string; generation: number | null }) => boolean): boolean {
  const { cloud } = stage
  const named = livingKeys(stage).find(is)
  const key = cloud.tenancy.identity.apiKeys.find(({ userId, fingerprint, timeDeleted }: ApiKeyRecord) => userId === cloud.seed.users.administrator && fingerprint === named?.fingerprint && timeDeleted === null)
  if (!key) return false
  key.timeDeleted = cloud.now()
  try {
    assertNobodyLockedOut(stage, false)
    return true
  } catch (error) {
    if (!(error instanceof Error)) throw error
    key.timeDeleted = null
    return false
  }
}
