/** Moments in print: ISO 8601, UTC, said so. */

/** `2026-01-31` of an ISO 8601 moment in UTC. */
export function day(iso: string): string {
  return iso.slice(0, 10)
}

/** `2026-01-31 04:00:05 UTC` of an ISO 8601 moment in UTC; null stays null. */
export function moment<T extends string | null>(iso: T): T | string {
  return iso === null ? iso : iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?Z$/, '$1 $2 UTC')
}

/** `04:00:05.123` of an ISO 8601 moment in UTC, for tables whose heading says the day. */
export function clock(iso: string): string {
  return iso.replace(/^\d{4}-\d\d-\d\dT(.*)Z$/, '$1')
}

/** `04:00` of an ISO 8601 moment in UTC, for columns whose heading says that it is UTC; null stays null. */
export function minute<T extends string | null>(iso: T): T | string {
  return iso === null ? iso : iso.slice(11, 16)
}
