/** Lists of OCI as the auditor's login reads them: the desk asks and parses, so that no finding hangs on other people's code. */
import type { z } from 'zod'
import { carryFor, type LentLogin } from '../breakglass/profile-clerk.js'
import { inShape } from '../breakglass/user-view.js'
import { jsonIn } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import type { Carrier } from '../wire/exchange.js'
import { whatHelps } from '../wire/what-helps.js'

const MAXIMUM_PAGES = 200

/** OCI's no to a list. 404 is its word for what is not there, and for what this login may not see. */
export class ListRefused extends GlasskeyError {
  readonly status: number
  constructor(url: string, status: number) {
    super('OCI_REFUSED', `OCI answered ${status} to GET ${new URL(url).pathname}`, whatHelps(status))
    this.status = status
  }
}

/** Reads a whole list in a shape. */
export type ReadList = <Item>(url: string, shape: z.ZodType<Item[]>) => Promise<Item[]>

/** Reads all pages of a list; an empty page may have a next one. Throws ListRefused, OCI_REFUSED, OCI_UNREACHABLE. */
export function listReader(login: LentLogin, carrier: Carrier): ReadList {
  return async <Item>(url: string, shape: z.ZodType<Item[]>): Promise<Item[]> => {
    const all: Item[] = []
    const next = new URL(url)
    for (let count = 0; count < MAXIMUM_PAGES; count += 1) {
      const answer = await carryFor({ method: 'GET', url: next.href, body: null, contentType: null, headers: {} }, login, carrier)
      const text = new TextDecoder().decode(answer.body)
      if (answer.status !== 200) throw new ListRefused(url, answer.status)
      all.push(...inShape(jsonIn(text) ?? null, shape))
      const page = answer.headers['opc-next-page'] ?? ''
      if (page === '') return all
      next.searchParams.set('page', page)
    }
    throw new GlasskeyError('OCI_REFUSED', `the list at ${next.pathname} has more than ${MAXIMUM_PAGES} pages`, 'Where it is a list of events, leave the longest sessions out: --from and --to.')
  }
}
