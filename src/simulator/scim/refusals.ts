/** Refusals and rules that all of an identity domain's operations share. */
import type { Call } from '../operation.js'
import { believedRefusal, OciRefusal } from '../refusal.js'
import type { UserRecord } from '../tenancy.js'
import { IDCS } from './resources.js'

const SELF_CHANGE = `${IDCS}:extension:selfChange:User`

/** 404 in SCIM's words. */
export function resourceNotFound(what: string): OciRefusal {
  return new OciRefusal(404, 'error.common.common.resourceNotFound', `${what} was not found.`)
}

/** 400 in SCIM's words. */
export function invalidScim(message: string): OciRefusal {
  return new OciRefusal(400, 'error.common.common.invalidValue', message)
}

/** The body as an object that names `schema` among its schemas. Throws 400. */
export function scimBody(call: Call, schema: string): Readonly<Record<string, unknown>> {
  const { body } = call
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalidScim('The body must be an object.')
  const fields = body as Readonly<Record<string, unknown>>
  const { schemas } = fields
  if (!Array.isArray(schemas) || !schemas.includes(schema)) throw invalidScim(`schemas must name ${schema}.`)
  return fields
}

/** Does a body say allowSelfChange, flat (as documented) or nested (as the SDK writes it)? */
export function bodyAllowsSelfChange(fields: Readonly<Record<string, unknown>>): boolean {
  const nested = fields[SELF_CHANGE]
  return (
    fields[`${SELF_CHANGE}:allowSelfChange`] === true ||
    (typeof nested === 'object' && nested !== null && (nested as Record<string, unknown>)['allowSelfChange'] === true)
  )
}

/**
 * The self-change rule: whoever changes the own user or credentials through `/admin/v1` must say allowSelfChange.
 *
 * @throws OciRefusal as the belief scimSelfChange says
 */
export function requireSelfChange(call: Call, userId: string, said: boolean): void {
  if (userId !== call.caller.userId || said || call.cloud.beliefs.scimSelfChange === 'allowed') return
  throw believedRefusal(call.cloud.beliefs.scimSelfChange, 'Changing oneself needs allowSelfChange.')
}

/** A user by SCIM id or by OCID, if the caller may know of it. Throws 404. */
export function scimUser(call: Call, id: string): UserRecord {
  const user = call.identity.users.find((candidate) => candidate.scimId === id || candidate.id === id)
  const { administrator, auditor, userId } = call.caller
  if (user === undefined || !(administrator || auditor || user.id === userId)) throw resourceNotFound('The user')
  return user
}
