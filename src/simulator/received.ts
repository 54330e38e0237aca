/** A request as it arrived: nothing decoded, nothing joined, because the signature covers the bytes of the wire. */

/** Header values by lower-case name; a header that came twice has two values. */
export type WireHeaders = ReadonlyMap<string, readonly string[]>

export interface Received {
  readonly method: string
  /** Path and query exactly as sent. */
  readonly target: string
  readonly headers: WireHeaders
  readonly body: Uint8Array
  /** `host:port` names under which this listener may be called. */
  readonly hosts: readonly string[]
}

/** Collects Node's raw header list (name, value, name, value, ...) without joining or dropping repeated headers. */
export function wireHeaders(raw: readonly string[]): WireHeaders {
  const headers = new Map<string, string[]>()
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [raw[at + 1] ?? ''])
    else values.push(raw[at + 1] ?? '')
  }
  return headers
}

/** The first value of a header, or undefined. */
export function header(headers: WireHeaders, name: string): string | undefined {
  return headers.get(name)?.[0]
}

/** The path of a request target, still percent-encoded. */
export function pathOf(target: string): string {
  const cut = target.indexOf('?')
  return cut < 0 ? target : target.slice(0, cut)
}

/** The query of a request target, decoded. */
export function queryOf(target: string): URLSearchParams {
  const cut = target.indexOf('?')
  return new URLSearchParams(cut < 0 ? '' : target.slice(cut + 1))
}
