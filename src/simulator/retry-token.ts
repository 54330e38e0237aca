/** opc-retry-token: the same token gets the same answer for 24 hours, and the create happens once. */
import { createHash } from 'node:crypto'
import type { Answer, Call, Operation } from './operation.js'
import { header } from './received.js'
import { believedRefusal, invalidParameter } from './refusal.js'
import type { IdentityState, RetryRecord } from './tenancy.js'

const LIFE_MS = 24 * 3_600_000
const LONGEST = 64

function tokenOf(call: Call, operation: Operation): string | undefined {
  if (operation.retryable !== true) return undefined
  const token = header(call.headers, 'opc-retry-token')
  if (token !== undefined && (token === '' || token.length > LONGEST)) {
    throw invalidParameter(`opc-retry-token must have 1 to ${LONGEST} characters.`)
  }
  return token
}

/** The path and the body: what must be the same for a token to mean the same request. */
function digestOf(call: Call): string {
  return createHash('sha256')
    .update(JSON.stringify([call.path, call.body ?? null]))
    .digest('hex')
}

/** Is what the first request created still there? A body without an id (a password) cannot be gone. */
function lives(identity: IdentityState, body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true
  const { id, fingerprint, userId } = body as Record<string, unknown>
  if (fingerprint !== undefined) {
    const same = ({ fingerprint: other, userId: of, timeDeleted }: (typeof identity.apiKeys)[number]): boolean =>
      other === fingerprint && of === userId && timeDeleted === null
    return identity.apiKeys.some(same)
  }
  if (id === undefined) return true
  const { credentials, memberships, policies } = identity
  return [credentials, memberships, policies].some((things) => things.some((thing) => thing.id === id))
}

/**
 * The answer that this request's token got before, or undefined.
 *
 * @throws OciRefusal 400 for a token of the wrong length; 409 when the token was spent on another body, or when what it
 *   created has been deleted since
 */
export function answeredBefore(call: Call, operation: Operation): Answer | undefined {
  const token = tokenOf(call, operation)
  if (token === undefined) return undefined
  const record = call.cloud.tenancy.retryTokens.find(
    (candidate) =>
      candidate.token === token &&
      candidate.operation === operation.name &&
      candidate.callerId === call.caller.userId &&
      call.now < candidate.at + LIFE_MS,
  )
  if (record === undefined) return undefined
  if (record.bodySha256 !== digestOf(call) || !lives(call.cloud.tenancy.identity, record.body)) {
    throw believedRefusal(call.cloud.beliefs.retryTokenSpent, 'The retry token was used for another request.')
  }
  return { status: record.status, body: record.body, headers: record.headers }
}

/** Keeps a successful answer for the token that asked for it. */
export function rememberAnswer(call: Call, operation: Operation, answer: Answer): void {
  const token = tokenOf(call, operation)
  if (token === undefined) return
  const record: RetryRecord = {
    callerId: call.caller.userId,
    operation: operation.name,
    token,
    bodySha256: digestOf(call),
    at: call.now,
    status: answer.status,
    headers: { ...answer.headers },
    body: answer.body,
  }
  const { tenancy } = call.cloud
  tenancy.retryTokens = [...tenancy.retryTokens.filter(({ at }) => call.now < at + LIFE_MS), record]
}
