/** SCIM filters (RFC 7644 section 3.4.2.2): comparisons joined by `and`, `or`, `not` and parentheses. */
import { OciRefusal } from '../refusal.js'

/** A SCIM resource in full, before attributes are chosen. */
export type ScimResource = Readonly<Record<string, unknown>>

type Test = (resource: ScimResource) => boolean

function invalidFilter(message: string): OciRefusal {
  return new OciRefusal(400, 'error.common.common.invalidFilter', message)
}

const TOKEN = /\s*(?:([()])|("(?:[^"\\]|\\.)*")|([^\s()"]+))/y

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text)
    if (match === null) throw invalidFilter('The filter cannot be read.')
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '')
  }
  return tokens
}

/** Splits an attribute path: an extension's URN stays whole, then dots separate. */
export function pathSteps(path: string): string[] {
  if (!path.startsWith('urn:')) return path.split('.')
  // A URN of Oracle's ends in :User, :Group or the like; what follows a further colon is the attribute.
  const match = /^(urn:.*:[A-Z][A-Za-z]*)(?::([a-z].*))?$/.exec(path)
  if (match === null) return [path]
  return [match[1] ?? path, ...(match[2] === undefined ? [] : match[2].split('.'))]
}

/** Every value that an attribute path leads to; lists on the way are looked through. */
export function valuesAt(resource: unknown, steps: readonly string[]): unknown[] {
  if (Array.isArray(resource)) return resource.flatMap((item: unknown) => valuesAt(item, steps))
  const [step, ...rest] = steps
  if (step === undefined) return resource === undefined || resource === null ? [] : [resource]
  if (typeof resource !== 'object' || resource === null) return []
  return valuesAt((resource as Readonly<Record<string, unknown>>)[step], rest)
}

function literal(token: string): string | number | boolean {
  try {
    const value: unknown = JSON.parse(token)
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw invalidFilter(`'${token}' is not a value; text goes in double quotes.`)
}

function compare(operator: string, value: unknown, wanted: string | number | boolean): boolean {
  if (typeof value === 'string' && typeof wanted === 'string') {
    if (operator === 'co') return value.includes(wanted)
    if (operator === 'sw') return value.startsWith(wanted)
    if (operator === 'ew') return value.endsWith(wanted)
  }
  return operator === 'eq' && value === wanted
}

/**
 * Reads a filter.
 *
 * @param searchable attribute paths that may be searched for this resource (Oracle's `idcsSearchable`)
 * @throws OciRefusal 400 for a filter that cannot be read or an attribute that cannot be searched
 */
export function readFilter(text: string, searchable: readonly string[]): Test {
  const tokens = tokensOf(text)
  let at = 0
  const peek = (): string | undefined => tokens[at]?.toLowerCase()
  const take = (): string => {
    const token = tokens[at]
    if (token === undefined) throw invalidFilter('The filter ends too soon.')
    at += 1
    return token
  }

  function comparison(): Test {
    const path = take()
    if (!searchable.includes(path)) throw invalidFilter(`The attribute ${path} cannot be searched.`)
    const steps = pathSteps(path)
    const operator = take().toLowerCase()
    if (operator === 'pr') return (resource) => valuesAt(resource, steps).length > 0
    if (operator === 'ne') {
      const unwanted = literal(take())
      return (resource) => !valuesAt(resource, steps).includes(unwanted)
    }
    if (!['eq', 'co', 'sw', 'ew'].includes(operator)) throw invalidFilter(`The operator ${operator} is not supported.`)
    const wanted = literal(take())
    return (resource) => valuesAt(resource, steps).some((value) => compare(operator, value, wanted))
  }

  function single(): Test {
    if (peek() === 'not') {
      take()
      const test = single()
      return (resource) => !test(resource)
    }
    if (peek() !== '(') return comparison()
    take()
    const test = anyOf()
    if (take() !== ')') throw invalidFilter('A parenthesis is not closed.')
    return test
  }

  function allOf(): Test {
    const tests = [single()]
    while (peek() === 'and') {
      take()
      tests.push(single())
    }
    return (resource) => tests.every((test) => test(resource))
  }

  function anyOf(): Test {
    const tests = [allOf()]
    while (peek() === 'or') {
      take()
      tests.push(allOf())
    }
    return (resource) => tests.some((test) => test(resource))
  }

  const test = anyOf()
  if (at !== tokens.length) throw invalidFilter('The filter has something after its end.')
  return test
}
