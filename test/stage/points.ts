/** Places in a flow, told apart in the same way on every run. */

/** Counts by name. */
export class Counter {
  readonly #counts = new Map<string, number>()

  /** How many of this name were counted before. */
  next(name: string): number {
    const count = this.#counts.get(name) ?? 0
    this.#counts.set(name, count + 1)
    return count
  }

  /** How many of this name were counted. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }
}

/** Method, path without what differs from run to run, and region. */
export function classOf({ method, path, region }: { method: string; path: string; region: string }): string {
  const shape = path
    .replace(/\?.*/, '')
    .replace(/([0-9a-f]{2}(:|%3A)){15}[0-9a-f]{2}/gi, '{fingerprint}')
    .replace(/ocid1\.([a-z]+)\.[\w.-]+/g, '{$1}')
    .replace(/[0-9a-f]{32}/g, '{id}')
  return `${method} ${shape} ${region}`
}

/** Of the cases of a flow, at most this share may not come about, and always two: what is polled is asked more or less often. */
const MISSED = 0.05

/** Throws when so many cases never came about that the flow must have become another one. */
export function refuseMissed(missed: readonly string[], planned: number, few = Math.max(2, planned * MISSED)): void {
  if (missed.length > few) throw new Error(`${missed.length} of ${planned} cases never came about:\n${missed.join('\n')}`)
}

/** What a case shows: the place, and what happens there. One that `brings` more stands for those kinds in the shortest run. */
export interface Kinds {
  place?: string
  what: string
  brings?: readonly string[]
}

/**
 * The cases that this run plays. GLASSKEY_MATRIX=short leaves so many that every place and everything that can happen is
 * among them, GLASSKEY_MATRIX=kinds everything that can happen; GLASSKEY_MATRIX=2/5 is the second fifth; otherwise all.
 */
export function shareOf<Case>(cases: readonly Case[], kindsOf: (one: Case) => Kinds): readonly Case[] {
  const asked = process.env['GLASSKEY_MATRIX'] ?? 'all'
  if (asked === 'all') return cases
  if (asked === 'short') return ofEachKind(cases, (one) => placeAndWhat(kindsOf(one)))
  if (asked === 'kinds') return ofEachKind(cases, (one) => everythingOf(kindsOf(one)))
  const [part = 0, parts = 0] = (/^(\d+)\/(\d+)$/.exec(asked)?.slice(1) ?? []).map(Number)
  if (part < 1 || part > parts) throw new Error(`GLASSKEY_MATRIX is ${asked}, and neither all, short, kinds, nor a part such as 2/5`)
  return cases.filter((_, at) => at % parts === part - 1)
}

function placeAndWhat({ place, what }: Kinds): string[] {
  return place === undefined ? [what] : [place, what]
}

function everythingOf({ what, brings = [] }: Kinds): string[] {
  return [what, ...brings]
}

/** Takes cases that bring a kind nobody brought before; of those that bring as many, the ones spread over the flow. */
function ofEachKind<Case>(cases: readonly Case[], kindsOf: (one: Case) => string[]): Case[] {
  const missing = new Set(cases.flatMap(kindsOf))
  const chosen: Case[] = []
  const fresh = (one: Case): number => kindsOf(one).filter((kind) => missing.has(kind)).length
  while (missing.size > 0) {
    const most = Math.max(...cases.map(fresh))
    const best = cases.filter((one) => fresh(one) === most)
    const next = best[(chosen.length * 7919) % best.length]
    if (next === undefined) break
    chosen.push(next)
    for (const kind of kindsOf(next)) missing.delete(kind)
  }
  return chosen
}
