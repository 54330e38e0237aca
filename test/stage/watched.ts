/** A stage on which it is watched, at every request, that nobody is locked out; and strangers who come and go on it. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { Simulator } from '../../src/simulator/simulator.js'
import { assertNobodyLockedOut } from './cloud-truth.js'
import type { PlayedFlow } from './flows.js'
import type { Rehearsal, Staging } from './rehearsal.js'

/** Opens a stage and watches at every request that nobody is locked out: whatever else goes wrong, that is what is thrown. */
export async function watched<Told>(flow: PlayedFlow, { observe, ...staging }: Staging, story: (stage: Rehearsal) => Promise<Told>): Promise<Told> {
  let failure: unknown
  const held: { stage?: Rehearsal } = {}
  const strangers: string[] = []
  const stage = await flow.open({
    ...staging,
    // Only strangers' keys are made by the cloud itself.
    generateKey: () => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      strangers.push(publicKey.export({ format: 'pem', type: 'spki' }) as string)
      return privateKey
    },
    observe: (moment, request) => {
      try {
        if (moment === 'done' && held.stage) assertNobodyLockedOut(held.stage, flow.lent === true)
      } catch (caught) {
        failure ??= caught
      }
      return observe?.(moment, request)
    },
  })
  held.stage = stage
  strangersOf.set(stage, strangers)
  try {
    const told = await story(stage)
    if (failure !== undefined) throw failure as Error
    return told
  } catch (caught) {
    throw failure ?? caught
  } finally {
    await stage.close()
  }
}

/** Public keys (PEM) that somebody else has put on the user. */
const strangersOf = new WeakMap<Rehearsal, readonly string[]>()

/** API keys of the user that strangers have put there. */
export function strangersKeys(stage: Rehearsal): Simulator['tenancy']['identity']['apiKeys'] {
  const theirs = new Set((strangersOf.get(stage) ?? []).map(normal))
  return stage.cloud.tenancy.identity.apiKeys.filter(({ pem, timeDeleted }) => timeDeleted === null && theirs.has(normal(pem)))
}

function normal(pem: string): string {
  return createPublicKey(pem).export({ format: 'pem', type: 'spki' }) as string
}

/** The faults are over; another administrator unblocks the user and removes the keys that strangers have put there, and no others. */
export function fairWeather(stage: Rehearsal): void {
  const { cloud } = stage
  cloud.clearFaults()
  for (const key of strangersKeys(stage)) key.timeDeleted = cloud.now()
  cloud.happen({ event: 'block-user', userId: cloud.seed.users.administrator, blocked: false })
}
