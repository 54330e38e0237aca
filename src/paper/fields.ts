/**
 * What a template may print: the declared fields of a document, and the values that one printing has for them.
 *
 * Values never pass through mustache or Markdown. Each is given a mark, a private-use character with a number; the
 * template is filled with marks, parsed, and only then are the marks exchanged for the values. So a name such as
 * `*_[O'Neill](x)|` is printed letter for letter, whatever it would mean in Markdown or HTML.
 */

import type { Code } from './qr.js'

/** text: printed where named, also a condition; flag: a condition; code: a QR figure; `[fields]`: a repeated section. */
export type Field = 'text' | 'flag' | 'code' | readonly [Fields]

/** Names as templates write them. Each list `rows` also has the flag `anyRows`. */
export interface Fields { readonly [name: string]: Field }

type ValueOf<F extends Field> =
  F extends 'text' ? string | number | null
    : F extends 'flag' ? boolean
      : F extends 'code' ? Code
        : F extends readonly [infer Item extends Fields] ? readonly View<Item>[]
          : never

/** The values for one printing: null is a text that there is none of, false as a condition and nothing in print. */
export type View<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> }

/** A value with the path of its field, e.g. `calls.path`. */
export interface Value {
  readonly path: string
  readonly content: string | Code
}

const OPEN = '\uE000'
const CLOSE = '\uE001'

/** Finds marks in a filled template; group 1 is the index of the value. */
export const MARK = /\uE000(\d+)\uE001/gu

/** The flag that says whether a list has any rows: `calls` gives `anyCalls`. */
export function anyFlag(list: string): string {
  return `any${list.charAt(0).toUpperCase()}${list.slice(1)}`
}

/** A view whose values are marks, for mustache, and the values in the order of their marks. */
export function markValues<F extends Fields>(fields: F, view: View<F>): { marked: object, values: Value[] } {
  const values: Value[] = []
  const mark = (path: string, content: string | Code): string => {
    values.push({ path, content })
    return `${OPEN}${values.length - 1}${CLOSE}`
  }
  const walk = (shape: Fields, of: Readonly<Record<string, unknown>>, prefix: string): object => {
    const entries: [string, unknown][] = []
    for (const [name, field] of Object.entries(shape)) {
      const value = of[name]
      const path = prefix + name
      if (Array.isArray(field)) {
        const rows = value as readonly Readonly<Record<string, unknown>>[]
        entries.push([name, rows.map((row) => walk(field[0] as Fields, row, `${path}.`))], [anyFlag(name), rows.length > 0])
      } else if (field === 'text') {
        const text = value as string | number | null
        entries.push([name, text === null || text === '' ? '' : mark(path, String(text))])
      } else {
        entries.push([name, field === 'code' ? mark(path, value as Code) : value === true])
      }
    }
    return Object.fromEntries(entries)
  }
  return { marked: walk(fields, view, ''), values }
}
