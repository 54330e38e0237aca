/**
 * The user as the strongroom itself reads and changes it: what the exit depends on never passes through the SDK.
 * OCI operations of oci-identity, base path /20160918; shapes as in the SDK's models.
 */
import { z } from 'zod'
import { jsonIn } from '../canonical.js'
import { asLine, withoutStop } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import type { Manifest } from '../custody/manifest.js'
import type { Census, ListedKey } from '../record/journal.js'
import { keyAsListed, PAGE, recognise, word } from '../record/recognise.js'
import { CREDENTIALS, identityOrigin, keyPath, membershipsTarget, userPath } from '../warrant/scope.js'
import type { Warrant } from '../warrant/warrant.js'
import type { Answer } from '../wire/exchange.js'
import type { Method } from '../wire/signature.js'
import { NoAnswer, type Sender } from './courier.js'

/** An exit needs none of these but `lifecycleState`: what is of another shape is not known, and holds nothing up. */
const userShape = z.object({ id: word, lifecycleState: word, inactiveStatus: z.number().nullish().catch(null), capabilities: z.record(z.string(), z.unknown()).nullish().catch(null) })
const listedShape = z.array(z.object({ id: word, lifecycleState: word.nullish() })).max(PAGE)
const membershipShape = z.array(z.object({ groupId: word, lifecycleState: word.nullish() })).max(PAGE)

/** `inactiveStatus` bit 2: the user is blocked. */
const BLOCKED = 4

const GONE = ['DELETED', 'DELETING']

/** What DeleteApiKey answers when it is done; any other success is somebody else's (a portal, a proxy). */
const DELETED = 204

/** OCI answered, and not with success. */
export class OciRefusal extends GlasskeyError {
  readonly status: number
  /** What was answered, for those who wait and try again. */
  readonly answer: Answer
  constructor(what: string, answer: Answer, words: string, { message = `OCI refused to ${what}: ${answer.status} ${words}`, hint = 'The words are OCI\'s own.' } = {}) {
    super('OCI_REFUSED', message, hint)
    this.status = answer.status
    this.answer = answer
  }
}

/** The one user that the key belongs to. */
export interface OwnUser {
  readUser(): Promise<z.infer<typeof userShape>>
  listKeys(): Promise<ListedKey[]>
  uploadSuccessor(): Promise<void>
  deleteKey(fingerprint: string): Promise<void>
  listCredentials(kind: keyof typeof CREDENTIALS): Promise<string[]>
  census(): Promise<Census>
}

/** Reads and changes the warrant's user by `courier`; keys are recognised by the folder's manifests. Other regions than the home region only read. */
export function ownUser(courier: Sender, warrant: Warrant, manifests: readonly Manifest[], region = warrant.homeRegion): OwnUser {
  const origin = identityOrigin(warrant, region)
  const call = async (what: string, method: Method, target: string, body: string | null = null): Promise<Answer> => {
    const answer = await courier.send(
      { method, url: origin + target, body: body === null ? null : new TextEncoder().encode(body), contentType: body === null ? null : 'application/json', headers: {} },
      'strongroom',
    )
    if (answer.status >= 200 && answer.status < 300) return answer
    throw new OciRefusal(what, answer, wordsOf(answer))
  }
  const get = async <Shape>(what: string, target: string, shape: z.ZodType<Shape>): Promise<Shape> => readBody(await call(what, 'GET', target), what, shape)

  const readUser = (): Promise<z.infer<typeof userShape>> => get('read the own user', userPath(warrant), userShape)
  const listKeys = async (): Promise<ListedKey[]> => {
    const keys = await get('list the own keys', `${userPath(warrant)}/apiKeys`, z.array(keyAsListed).max(PAGE))
    return keys.filter((key) => !GONE.includes(key.lifecycleState)).map((key) => recognise(key, manifests))
  }
  const listCredentials = async (kind: keyof typeof CREDENTIALS): Promise<string[]> => {
    const found = await get(`list ${kind}`, `${userPath(warrant)}/${CREDENTIALS[kind]}`, listedShape)
    return found.filter(({ lifecycleState }) => !GONE.includes(lifecycleState ?? '')).map(({ id }) => id)
  }

  return {
    readUser,
    listKeys,
    listCredentials,
    uploadSuccessor: async () => {
      if (!warrant.successor) throw new RangeError('uploadSuccessor: this warrant has no successor')
      await call('upload the successor', 'POST', `${userPath(warrant)}/apiKeys`, JSON.stringify({ key: warrant.successor.publicKeyPem }))
    },
    deleteKey: async (fingerprint) => {
      const what = `delete key ${fingerprint}`
      const answer = await call(what, 'DELETE', keyPath(warrant, fingerprint))
      if (answer.status === DELETED) return
      throw new OciRefusal(what, answer, '', {
        message: `whether key ${fingerprint} was deleted is not known: ${answer.status} is not OCI's answer to that`,
        hint: 'Something else answered in its place: a proxy, a portal. The key list tells what happened.',
      })
    },
    census: async () => {
      const user = await readUser()
      const keys = await listKeys()
      const groups = await unlessRefused(async () => {
        const memberships = await get('list the own groups', membershipsTarget(warrant), membershipShape)
        return memberships.filter(({ lifecycleState }) => !GONE.includes(lifecycleState ?? '')).map(({ groupId }) => groupId)
      }, ['could not be read'])
      const credentials: Record<string, number> = {}
      for (const kind of Object.keys(CREDENTIALS) as (keyof typeof CREDENTIALS)[]) credentials[kind] = await unlessRefused(async () => (await listCredentials(kind)).length, UNREADABLE)
      return {
        lifecycleState: user.lifecycleState,
        blocked: ((user.inactiveStatus ?? 0) & BLOCKED) !== 0,
        keys,
        groups,
        credentials,
      }
    },
  }
}

/** What a census says of a kind of credential that could not be read: neither none nor some. */
const UNREADABLE = -1

/** A side reading: what a tenancy does not offer, or OCI does not answer today, must not keep a key alive. */
async function unlessRefused<Found>(read: () => Promise<Found>, otherwise: Found): Promise<Found> {
  try {
    return await read()
  } catch (error) {
    if ((error instanceof OciRefusal && error.status !== 401) || error instanceof NoAnswer) return otherwise
    throw error
  }
}

function readBody<Shape>(answer: Answer, what: string, shape: z.ZodType<Shape>): Shape {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(answer.body))
  } catch (error) {
    throw new OciRefusal(what, answer, `with something that is not JSON (${error instanceof Error ? error.message : ''})`)
  }
  const parsed = shape.safeParse(value)
  if (!parsed.success) throw new OciRefusal(what, answer, 'with an answer of another shape than documented')
  return parsed.data
}

/** OCI's error in a line. Whatever it is: what an answer holds must never be a fault of ours. */
function wordsOf(answer: Answer): string {
  const text = new TextDecoder().decode(answer.body.subarray(0, LONGEST_ERROR))
  const parsed = z.object({ code: z.string(), message: z.string() }).safeParse(jsonIn(text))
  return withoutStop(asLine(parsed.success ? `${parsed.data.code}: ${parsed.data.message}` : text || 'without a word'))
}

/** Bytes of an answer that is an error; OCI's are a few hundred. */
const LONGEST_ERROR = 16 * 1024
