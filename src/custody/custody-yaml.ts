/** `custody.yaml`: the one file an organisation writes. Every complaint has a line and a column. */
import { Lexer, LineCounter, Parser, isAlias, isNode, parseDocument, visit, type Document } from 'yaml'
import { z } from 'zod'
import { GlasskeyError } from '../errors.js'
import { custodianNumber, line, realm, region, tenancyOcid, userOcid } from './fields.js'
import { pathText } from './explain.js'
import { isKnownRealm, realmOf } from '../wire/hosts.js'
import { contradictions, rulesSchema } from './rules.js'

const copy = z.strictObject({
  copy: z.number().int().min(1).max(9),
  holder: line,
  phone: line,
  place: line,
  bag: line.nullable().default(null),
})

/** Name of a custodian, as it is printed. */
export const custodianName = line.max(60, 'must be at most 60 characters')
/** The most copies of a share. */
export const MOST_COPIES = 9

/** Fewer would be one person who acts alone. */
export const LEAST_CUSTODIANS = 2

const custodian = z.strictObject({
  number: custodianNumber,
  name: custodianName,
  openpgpKey: z.string().min(1).nullable().default(null),
  copies: z.array(copy).min(1, 'at least one copy of each share must exist').max(MOST_COPIES),
})

/** Schema of custody.yaml. */
export const custodySchema = z.strictObject({
  format: z.literal(1),
  owner: z.strictObject({ team: line, contact: line }),
  tenancy: tenancyOcid,
  user: userOcid,
  realm,
  homeRegion: region,
  regions: z.array(region).min(1),
  threshold: z.number().int('must be a whole number').min(LEAST_CUSTODIANS, 'must be at least 2: one custodian alone must not be able to act').max(32, 'must be at most 32'),
  custodians: z.array(custodian).min(LEAST_CUSTODIANS).max(32),
  generations: z.number().int().min(2, 'must be at least 2: a key needs a successor').max(8).default(4),
  keySize: z.union([z.literal(2048), z.literal(3072), z.literal(4096)]).default(4096),
  paper: z.enum(['A4', 'Letter']).default('A4'),
  drillEveryDays: z.number().int().min(7).max(366).default(91),
  inspectEveryDays: z.number().int().min(7).max(731).default(182),
  rules: rulesSchema,
})

/** What a new custody.yaml has in the place of a name, and of anything else, that is not known yet. */
export const NOT_YET = { name: 'TO BE NAMED', other: 'TO BE FILLED IN' } as const

/** A contact, or null where custody.yaml only holds its place. */
export function filledIn(contact: string): string | null {
  return contact === NOT_YET.name || contact === NOT_YET.other ? null : contact
}

/** A checked custody.yaml. */
export type Custody = z.infer<typeof custodySchema>
/** A custodian as custody.yaml lists them. */
export type Custodian = Custody['custodians'][number]

const MAXIMUM_CHARACTERS = 256 * 1024
/** Words and signs: 32 custodians with 9 copies each are 10,000. The parser compares every name with every other. */
const MAXIMUM_TOKENS = 30_000
/** How deep settings may be nested. The deepest of ours takes half of it; the parser calls itself, and without end that ends Node. */
const MAXIMUM_DEPTH = 40
/** Complaints that are told at once. */
const MAXIMUM_COMPLAINTS = 20

/**
 * Reads custody.yaml. `name` is how messages call the file.
 * Throws CONFIG_INVALID with one line per complaint: `custody.yaml:12:5: custodians[1].name: must not be empty`.
 */
export function parseCustodyYaml(text: string, name = 'custody.yaml'): Custody {
  if (text.length > MAXIMUM_CHARACTERS) throw invalid([`${name}: is over 256 KiB; this is not a custody.yaml`])
  refuseTangles(text, name)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2', logLevel: 'error' })
  const where = (offset: number): string => {
    const position = lines.linePos(offset)
    return `${name}:${position.line}:${position.col}`
  }
  if (document.errors.length > 0) {
    throw invalid(document.errors.map((error) => `${where(error.pos[0])}: ${(error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:$/, '')}`))
  }
  refuseAliases(document, where)
  const parsed = custodySchema.safeParse(document.toJS())
  const at = (path: readonly PropertyKey[]): string => where(offsetOf(document, path))
  if (!parsed.success) {
    const wrong = parsed.error.issues.flatMap(complaints)
    // Where a setting stands is looked for among all others, so only for those that are told.
    throw invalid(wrong.map(({ path, message }, nth) => (nth < MAXIMUM_COMPLAINTS ? `${at(path)}: ${pathText(path)}: ${message}` : message)))
  }
  const wrong = disagreements(parsed.data)
  if (wrong.length > 0) throw invalid(wrong.map(({ path, message }) => `${at(path)}: ${pathText(path)}: ${message}`))
  return parsed.data
}

interface Complaint {
  path: PropertyKey[]
  message: string
}

function complaints(issue: z.core.$ZodIssue): Complaint[] {
  const message = issue.message.endsWith('received undefined') ? 'is missing' : issue.message
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message }]
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a setting of custody.yaml' }))
}

function invalid(complaintLines: string[]): GlasskeyError {
  const more = complaintLines.length - MAXIMUM_COMPLAINTS
  return new GlasskeyError(
    'CONFIG_INVALID',
    [...complaintLines.slice(0, MAXIMUM_COMPLAINTS), ...(more > 0 ? [`and ${more} more`] : [])].join('\n'),
    'ceremony/custody.yaml is a complete example with every setting explained.',
  )
}

/** Counts before anything is built: the lexer and the parser of signs keep their own stack and do not call themselves. */
function refuseTangles(text: string, name: string): void {
  const parser = new Parser()
  let tokens = 0
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1
    if (tokens > MAXIMUM_TOKENS) throw invalid([`${name}: has more than ${MAXIMUM_TOKENS} words and signs; this is not a custody.yaml`])
    Array.from(parser.next(lexeme))
    if (parser.stack.length > MAXIMUM_DEPTH) throw invalid([`${name}: is nested more than ${MAXIMUM_DEPTH} deep; this is not a custody.yaml`])
  }
}

function refuseAliases(document: Document, where: (offset: number) => string): void {
  visit(document, (_, node) => {
    if (isAlias(node)) throw invalid([`${where(node.range?.[0] ?? 0)}: aliases (*name) are not used in custody.yaml`])
    return undefined
  })
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

function disagreements(custody: Custody): Complaint[] {
  const found: Complaint[] = contradictions(custody.rules).map(({ path, message }) => ({ path: ['rules', ...path], message }))
  const complain = (path: PropertyKey[], message: string): void => void found.push({ path, message })
  const { custodians, threshold } = custody
  if (realmOf(custody.tenancy) !== custody.realm) complain(['realm'], `is ${custody.realm}, but the OCID of the tenancy is of realm ${realmOf(custody.tenancy)}`)
  if (!isKnownRealm(custody.realm)) complain(['realm'], `is ${custody.realm}, whose hosts this version of glasskey does not know: no key of it could ever be used`)
  if (realmOf(custody.user) !== realmOf(custody.tenancy)) complain(['user'], `is an OCID of realm ${realmOf(custody.user)}, but that of the tenancy is of realm ${realmOf(custody.tenancy)}`)
  if (threshold > custodians.length) complain(['threshold'], `is ${threshold}, but there are only ${custodians.length} custodians`)
  custodians.forEach((custodian, at) => {
    if (custodian.number !== at + 1) complain(['custodians', at, 'number'], `must be ${at + 1}: custodians are numbered in order`)
    if (custodians.findIndex((other) => other.name === custodian.name) !== at) {
      complain(['custodians', at, 'name'], `"${custodian.name}" is listed twice; one person must not hold two shares`)
    }
    custodian.copies.forEach((entry, nth) => {
      if (entry.copy !== nth + 1) complain(['custodians', at, 'copies', nth, 'copy'], `must be ${nth + 1}: copies are numbered in order`)
    })
  })
  const twice = (regions: readonly string[], path: PropertyKey[]): void => {
    regions.forEach((entry, at) => {
      if (regions.indexOf(entry) !== at) complain([...path, at], `${entry} is listed twice`)
    })
  }
  twice(custody.regions, ['regions'])
  twice(custody.rules.regions, ['rules', 'regions'])
  if (!custody.regions.includes(custody.homeRegion)) complain(['regions'], `must contain the home region ${custody.homeRegion}`)
  custody.rules.regions.forEach((entry, at) => {
    if (!custody.regions.includes(entry)) complain(['rules', 'regions', at], `${entry} is not among regions`)
  })
  return found
}
