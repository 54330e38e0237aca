/** How OCI says no: a status, a code and a message; identity domains say it in SCIM's words (RFC 7644 section 3.12). */

const SCIM_ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'
const SCIM_ORACLE_ERROR = 'urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error'

/** A refused request. `why` is for the simulator's own log and never goes over the wire. */
export class OciRefusal extends Error {
  readonly status: number
  readonly code: string
  readonly why: string

  constructor(status: number, code: string, message: string, why = message) {
    super(message)
    this.name = 'OciRefusal'
    this.status = status
    this.code = code
    this.why = why
  }
}

/** 401. One body for every cause, so that a caller learns nothing from it; the cause goes to the simulator's log. */
export function notAuthenticated(why: string): OciRefusal {
  const message = 'The required information to complete authentication was not provided or was incorrect.'
  return new OciRefusal(401, 'NotAuthenticated', message, why)
}

/** 404 for what is absent and for what the caller may not know of: the two look the same. */
export function notAuthorizedOrNotFound(why: string): OciRefusal {
  return new OciRefusal(404, 'NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.', why)
}

/** 400 InvalidParameter. */
export function invalidParameter(message: string): OciRefusal {
  return new OciRefusal(400, 'InvalidParameter', message)
}

/** 400 MissingParameter. */
export function missingParameter(name: string): OciRefusal {
  return new OciRefusal(400, 'MissingParameter', `${name} is required.`)
}

/** A refusal out of a belief's text, for instance `409 IncorrectState`. */
export function believedRefusal(belief: string, message: string): OciRefusal {
  return new OciRefusal(Number(belief.slice(0, 3)), belief.slice(4), message)
}

/** Body of a refusal as OCI's services write it. */
export function refusalBody(refusal: OciRefusal): { code: string; message: string } {
  return { code: refusal.code, message: refusal.message }
}

/** Body of a refusal as an identity domain writes it; `status` is text there. */
export function scimRefusalBody(refusal: OciRefusal): Record<string, unknown> {
  const messageId = refusal.code.includes('.') ? refusal.code : `error.common.common.${refusal.code}`
  return {
    schemas: [SCIM_ERROR, SCIM_ORACLE_ERROR],
    detail: refusal.message,
    status: String(refusal.status),
    [SCIM_ORACLE_ERROR]: { messageId },
  }
}
