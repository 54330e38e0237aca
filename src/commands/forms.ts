/** `glasskey forms`: the papers that people fill in and sign, printed with what is known already. */
import { join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import type { Argv } from 'yargs'
import { z } from 'zod'
import { parseCustodyYaml } from '../custody/custody-yaml.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { makeFolder, readText, writeNew } from '../host/disk.js'
import { FORMS, type Form, type FormSubject } from '../paper/forms/catalogue.js'
import { formSource, formSourceBefore, type FormSource } from '../paper/forms/source.js'
import type { Outcome } from './outcome.js'

interface Arguments {
  name: string | undefined
  custody: string | undefined
  config: string | undefined
  out: string | undefined
  custodian: number | undefined
  generation: number | undefined
  entry: number | undefined
  paper: 'A4' | 'Letter' | undefined
  templates: string | undefined
}

export const builder = (flags: Argv): Argv =>
  flags
    .usage('$0 forms [NAME] --custody DIR --out FILE\n\nWithout a name: all that can be printed, into the folder --out. Without --out: what there is.')
    .positional('name', { choices: FORMS.map(({ name }) => name), describe: 'which form' })
    .option('custody', { type: 'string', describe: 'custody folder to fill them from' })
    .option('config', { type: 'string', describe: 'custody.yaml instead, before a ceremony' })
    .option('out', { type: 'string', describe: 'new file (PDF), or for all forms a folder' })
    .option('custodian', { type: 'number', describe: 'only for this custodian' })
    .option('generation', { type: 'number', describe: 'labels, affidavit: only of this generation' })
    .option('entry', { type: 'number', describe: 'for this entry of the logbook' })
    .option('paper', { choices: ['A4', 'Letter'] as const, describe: 'paper (custody.yaml says)' })
    .option('templates', { type: 'string', describe: 'folder with your own wording' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  if (args.out === undefined && args.name === undefined) return listed()
  if (args.out === undefined) throw new GlasskeyError('USAGE', 'where should it go?', `glasskey forms ${String(args.name)} --custody DIR --out FILE`)
  const source = sourceOf(args)
  const drawing = { paper: args.paper ?? source.custody.paper, ...(args.templates === undefined ? {} : { templates: resolve(args.templates) }) }
  const out = resolve(args.out)
  if (args.name !== undefined) {
    const form = FORMS.find(({ name }) => name === args.name)
    if (!form) throw new GlasskeyError('USAGE', `there is no form "${args.name}"`, `Forms: ${FORMS.map(({ name }) => name).join(', ')}.`)
    const pdf = await form.draw(source, subjectOf(args, form, source), drawing)
    writeNew(out, pdf)
    return { json: { forms: [{ name: form.name, purpose: form.purpose, out }], missing: [] }, text: `${form.name} is in ${out}.` }
  }
  if (existsSync(out)) throw new GlasskeyError('OUTPUT_EXISTS', `${out} exists already; nothing is ever overwritten`, 'Name another folder.')
  const possible = FORMS.filter(({ missing }) => missing(source) === null)
  // All of them are drawn before the first is written: a template that is refused leaves no half a folder.
  const pdfs = []
  for (const form of possible) pdfs.push({ form, path: join(out, `${form.name}.pdf`), pdf: await form.draw(source, subjectOf(args, null, source), drawing) })
  makeFolder(out)
  for (const { path, pdf } of pdfs) writeNew(path, pdf)
  const missing = FORMS.flatMap(({ name, missing: why }) => {
    const reason = why(source)
    return reason === null ? [] : [{ name, why: reason }]
  })
  return {
    json: { forms: pdfs.map(({ form, path }) => ({ name: form.name, purpose: form.purpose, out: path })), missing },
    text: [...pdfs.map(({ path }) => path), ...missing.map(({ name, why }) => `No ${name}: ${why}.`)].join('\n'),
  }
}

function listed(): Outcome {
  const width = Math.max(...FORMS.map(({ name }) => name.length))
  return {
    json: { forms: FORMS.map(({ name, purpose }) => ({ name, purpose, out: null })), missing: [] },
    text: [...FORMS.map(({ name, purpose }) => `${name.padEnd(width)}  ${purpose}`), 'Warrants, release slips and logbook entries are printed by what they belong to; glasskey break … --summon calls the custodians.'].join('\n'),
  }
}

function sourceOf({ custody, config }: Arguments): FormSource {
  if (custody !== undefined && config !== undefined) throw new GlasskeyError('USAGE', 'either --custody or --config, not both', 'The folder has a custody.yaml of its own.')
  if (custody !== undefined) return formSource(readCustodyFolder(resolve(custody)), wallClock())
  if (config === undefined) throw new GlasskeyError('USAGE', 'filled from what?', '--custody DIR, or before a ceremony --config custody.yaml')
  const path = resolve(config)
  return formSourceBefore(parseCustodyYaml(readText(path, 'custody.yaml'), path), wallClock())
}

/** What the form is to be about. Throws USAGE for what does not exist, and for what this form does not take. */
function subjectOf({ custodian, generation, entry }: Arguments, form: Form | null, source: FormSource): FormSubject {
  const given = { custodian, generation, entry }
  for (const flag of ['custodian', 'generation', 'entry'] as const) {
    const takes = form === null ? flag === 'custodian' : form.takes.includes(flag)
    if (given[flag] !== undefined && !takes) throw new GlasskeyError('USAGE', `--${flag} says nothing for ${form === null ? 'all forms' : form.name}`, 'Leave it away.')
    if (given[flag] !== undefined && !z.int().min(1).safeParse(given[flag]).success) throw new GlasskeyError('USAGE', `--${flag} takes a whole number from 1`)
  }
  if (custodian !== undefined && custodian > source.custody.custodians.length) throw new GlasskeyError('USAGE', `there is no custodian ${custodian}`, `There are ${source.custody.custodians.length}.`)
  if (generation !== undefined && source.manifests.length > 0 && generation > source.manifests.length) throw new GlasskeyError('USAGE', `there is no GENERATION ${generation}`, 'glasskey status lists them.')
  const line = entry === undefined ? null : source.logbook[entry - 1]
  if (line === undefined) throw new GlasskeyError('USAGE', `the logbook has no entry ${String(entry)}`, 'glasskey logbook list')
  if (line !== null && form !== null && line.type !== form.of) throw new GlasskeyError('USAGE', `entry ${line.seq} is of kind "${line.type}"; ${form.name} is for "${String(form.of)}"`, 'glasskey logbook list')
  return { custodian: custodian ?? null, generation: generation ?? null, entry: line }
}
