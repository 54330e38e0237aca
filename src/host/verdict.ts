/**
 * What is said back to a reader that shows sheets to a camera: one line for each text, in the order of the texts, after
 * a first one that greets. Words for people, the same as on the terminal; never a secret.
 */
import type { Writable } from 'node:stream'
import { z } from 'zod'

/** Characters of the words; messages are shorter. */
const LONGEST = 1000

/** How a text was taken. `more` is how many sheets are still needed: 0 ends the page, null is not known. */
export const verdict = z.strictObject({
  tone: z.enum(['good', 'plain', 'alarm']),
  words: z.string().max(LONGEST),
  more: z.number().int().min(0).max(255).nullable(),
})
/** How a text was taken. */
export type Verdict = z.infer<typeof verdict>

/** Says it to the reader. One that is gone is not an error: its end is seen where its lines are read. */
export function tellReader(reader: Writable, { tone, words, more }: Verdict): void {
  if (reader.writable) reader.write(`${JSON.stringify({ tone, words: words.slice(0, LONGEST), more })}\n`, () => undefined)
}
