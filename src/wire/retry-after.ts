/** Answers that pass: of a service that is busy or broken, and how long it asks to be left alone (RFC 9110, section 10.2.3). */
import type { Answer } from './exchange.js'

/** Milliseconds that `Retry-After` asks for, in seconds or as a date; 0 where it says nothing, and never more than `longest`. */
export function retryAfterMs({ headers }: Answer, now: number, longest: number): number {
  const said = headers['retry-after'] ?? ''
  const ms = /^\d{1,6}$/.test(said) ? Number(said) * 1000 : Date.parse(said) - now
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), longest)
}

/** Whether an answer says nothing about what was asked, only about that moment. */
export function isPassing({ status }: Pick<Answer, 'status'>): boolean {
  return status === 429 || (status >= 500 && status <= 599)
}
