/** Lists in pages: `limit`, `page` and `opc-next-page` as OCI has them, and the filters and orders of IAM's lists. */
import { createHash } from 'node:crypto'
import type { Answer, Call } from './operation.js'
import { invalidParameter } from './refusal.js'

const LARGEST_LIMIT = 1000
const DEFAULT_LIMIT = 100

/** Names the list that a token belongs to: a token of one query must not be used on another. */
function queryMark(call: Call): string {
  const rest = [...call.query].filter(([name]) => name !== 'page' && name !== 'limit')
  const text = JSON.stringify([call.path, rest.sort()])
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Opaque page token: URL-safe base64 with its padding kept, as live tokens are. */
function writeToken(call: Call, offset: number): string {
  const text = JSON.stringify({ offset, of: queryMark(call) })
  return Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

function readToken(call: Call, token: string): number {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  const match = /^\{"offset":(\d{1,9}),"of":"([0-9a-f]{12})"\}$/.exec(text)
  if (match === null || match[2] !== queryMark(call)) throw invalidParameter('The page token is not valid.')
  return Number(match[1])
}

/** The query's limit, or undefined. Throws 400. */
export function readLimit(call: Call): number | undefined {
  const text = call.query.get('limit')
  if (text === null) return undefined
  const limit = Number(text)
  if (!/^\d+$/.test(text) || limit < 1 || limit > LARGEST_LIMIT) {
    throw invalidParameter(`limit must be a whole number from 1 to ${LARGEST_LIMIT}.`)
  }
  return limit
}

/** Offset at which this page starts: 0 without a token. Throws 400 for a token that was not given for this list. */
export function pageOffset(call: Call): number {
  const token = call.query.get('page')
  return token === null ? 0 : readToken(call, token)
}

/** Header with the next page's token, or none after the last page. */
export function nextPageHeader(call: Call, next: number, total: number): Record<string, string> {
  return next < total ? { 'opc-next-page': writeToken(call, next) } : {}
}

/** One page of a list: 100 items unless a limit is given; never more than the simulator's page size. */
export function pageOf<T>(call: Call, items: readonly T[], show: (item: T) => unknown): Answer {
  const offset = pageOffset(call)
  const size = Math.min(readLimit(call) ?? DEFAULT_LIMIT, call.cloud.pageSize)
  const body = items.slice(offset, offset + size).map(show)
  return { status: 200, body, headers: nextPageHeader(call, offset + size, items.length) }
}

interface Listed {
  readonly name: string
  readonly timeCreated: number
}

/** Applies `name`, `lifecycleState`, `sortBy` and `sortOrder` to a list of IAM things. Throws 400. */
export function chosen<T extends Listed>(call: Call, items: readonly T[], stateOf: (item: T) => string): T[] {
  const name = call.query.get('name')
  const state = call.query.get('lifecycleState')
  const by = call.query.get('sortBy') ?? 'TIMECREATED'
  const order = call.query.get('sortOrder') ?? (by === 'NAME' ? 'ASC' : 'DESC')
  if (by !== 'TIMECREATED' && by !== 'NAME') throw invalidParameter('sortBy must be TIMECREATED or NAME.')
  if (order !== 'ASC' && order !== 'DESC') throw invalidParameter('sortOrder must be ASC or DESC.')
  const kept = items.filter(
    (item) => (name === null || item.name === name) && (state === null || stateOf(item) === state),
  )
  if (!call.query.has('sortBy') && !call.query.has('sortOrder')) return kept
  const compare = (a: T, b: T): number =>
    by === 'NAME' ? a.name.localeCompare(b.name, 'en') : a.timeCreated - b.timeCreated
  return kept.sort((a, b) => (order === 'ASC' ? compare(a, b) : compare(b, a)))
}
