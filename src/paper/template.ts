/**
 * From a template and values to marked Markdown.
 *
 * A template is Markdown with mustache placeholders, after a head of `name: wording` lines between two `---`:
 *
 *     ---
 *     title: Ceremony record          (PDF title; required)
 *     footer: Key {{keyId}}           (identity of the document, on every page; required)
 *     page: page {{page}} of {{pages}} (required)
 *     banner: {{#rehearsal}}REHEARSAL{{/rehearsal}}   (on every page when not empty)
 *     ---
 */

import Mustache from 'mustache'
import { GlasskeyError } from '../errors.js'
import { anyFlag, markValues, type Fields, type Value, type View } from './fields.js'

/** A template with marks in place of its placeholders. */
export interface Filled {
  readonly name: string
  readonly title: string
  readonly footer: string
  readonly page: string
  readonly banner: string
  readonly body: string
  readonly values: readonly Value[]
}

/** Stand for `{{page}}` and `{{pages}}` in the head until the pages have been counted. */
export const PAGE_MARK = '\uE002'
export const PAGES_MARK = '\uE003'

const HEAD_FIELDS: Fields = { page: 'text', pages: 'text' }
const HEAD_MARKS = { page: PAGE_MARK, pages: PAGES_MARK }
const HEAD_LINES = ['title', 'footer', 'page', 'banner'] as const
type HeadLine = (typeof HEAD_LINES)[number]

/**
 * @param name of the template, for messages
 * @throws {GlasskeyError} TEMPLATE_INVALID naming the template, the placeholder and the names it could have meant.
 */
export function fill<F extends Fields>(name: string, source: string, fields: F, view: View<F>): Filled {
  const refuse = refusal(name)
  if (/\p{Co}/u.test(source)) throw refuse('has a private-use character', 'remove it')
  const { head, body } = splitHead(source.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'), refuse)
  const { marked, values } = markValues(fields, view)
  const print = (wording: string, known: Fields, view: object): string => {
    checkNames(parse(wording, refuse), known, refuse)
    return Mustache.render(wording, view, {}, { escape: (mark: string) => mark })
  }
  const line = (which: HeadLine): string =>
    print(head.get(which) ?? '', { ...fields, ...HEAD_FIELDS }, { ...marked, ...HEAD_MARKS }).trim()
  return { name, title: line('title'), footer: line('footer'), page: line('page'), banner: line('banner'),
    body: print(body, fields, marked), values }
}

/** Makes the refusals of one template. */
export function refusal(name: string): (what: string, hint: string) => GlasskeyError {
  return (what, hint) => new GlasskeyError('TEMPLATE_INVALID', `template ${name}.md ${what}`, hint)
}

function splitHead(source: string, refuse: ReturnType<typeof refusal>): { head: Map<HeadLine, string>, body: string } {
  const parts = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(source)
  if (parts === null) throw refuse('has no head', 'begin it with ---, lines "title:", "footer:" and "page:", and ---')
  const head = new Map<HeadLine, string>()
  for (const line of (parts[1] ?? '').split('\n')) {
    const [, key, wording] = /^([a-z]+):\s*(.*)$/.exec(line) ?? []
    const known = HEAD_LINES.find((one) => one === key)
    if (known === undefined || wording === undefined) {
      throw refuse(`has an unknown line in its head: "${line}"`, `known are ${HEAD_LINES.join(', ')}`)
    }
    head.set(known, wording)
  }
  for (const needed of ['title', 'footer', 'page'] as const) {
    if (!head.has(needed)) throw refuse(`has no "${needed}:" line in its head`, 'add it')
  }
  return { head, body: parts[2] ?? '' }
}

/** Mustache's own parse tree: [type, name, start, end, children?]. */
type Token = readonly [type: string, name: string, start: number, end: number, children?: readonly Token[]]

function parse(wording: string, refuse: ReturnType<typeof refusal>): readonly Token[] {
  try {
    return Mustache.parse(wording) as unknown as readonly Token[]
  } catch (cause) {
    throw refuse(`is not well formed: ${cause instanceof Error ? cause.message : 'unknown'}`,
      'close every {{#section}} with {{/section}} and every {{ with }}')
  }
}

/** Refuses a name that is not a field here, used as something that it is not. */
function checkNames(tokens: readonly Token[], known: Fields, refuse: ReturnType<typeof refusal>): void {
  const flags = Object.entries(known).filter(([, field]) => typeof field !== 'string').map(([list]) => anyFlag(list))
  for (const [type, name, , , children] of tokens) {
    if (type === 'text' || type === '!') continue
    if (!['name', '&', '#', '^'].includes(type)) {
      throw refuse(`uses {{${type}${name}}}, which glasskey does not support`, 'use placeholders and sections only')
    }
    const field = Object.hasOwn(known, name) ? known[name] : flags.includes(name) ? 'flag' as const : undefined
    if (field === undefined) {
      throw refuse(`has an unknown placeholder {{${name}}}`, `known here: ${[...Object.keys(known), ...flags].sort().join(', ')}`)
    }
    const printed = type === 'name' || type === '&'
    if (printed && (field === 'flag' || typeof field !== 'string')) {
      throw refuse(`prints {{${name}}}, which is a ${field === 'flag' ? 'condition' : 'list'}`,
        `write {{#${name}}}...{{/${name}}}`)
    }
    if (children === undefined) continue
    checkNames(children, type === '#' && typeof field !== 'string' ? { ...known, ...field[0] } : known, refuse)
  }
}
