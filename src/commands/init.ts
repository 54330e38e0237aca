/** `glasskey init`: a commented custody.yaml, from questions or flags. */
import { resolve } from 'node:path'
import { input, number, select } from '@inquirer/prompts'
import type { Argv } from 'yargs'
import { z } from 'zod'
import { custodyYaml, type CustodyAnswers } from '../ceremony/custody-template.js'
import { custodianName, custodySchema, LEAST_CUSTODIANS, MOST_COPIES, parseCustodyYaml } from '../custody/custody-yaml.js'
import { line, region, tenancyOcid, userOcid } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { requireNew, writeNew } from '../host/disk.js'
import { isInteractive, shellWord } from '../host/terminal.js'
import { assertPrintable } from '../paper/printable.js'
import { realmOf } from '../wire/hosts.js'
import type { Outcome } from './outcome.js'

interface Arguments {
  out: string
  team: string | undefined
  contact: string | undefined
  tenancy: string | undefined
  user: string | undefined
  homeRegion: string | undefined
  regions: string | undefined
  custodian: string[]
  threshold: number | undefined
  copies: number | undefined
  keySize: number | undefined
  paper: 'A4' | 'Letter' | undefined
}

export const builder = (flags: Argv): Argv =>
  flags
    .usage('$0 init [--out custody.yaml]\n\nAsks what is not given by a flag, and writes a custody.yaml in which every setting is explained.')
    .option('out', { type: 'string', default: 'custody.yaml', describe: 'file to write; never overwritten' })
    .option('team', { type: 'string', describe: 'team that owns the custody' })
    .option('contact', { type: 'string', describe: 'whom a custodian calls: name and number' })
    .option('tenancy', { type: 'string', describe: 'OCID of the tenancy' })
    .option('user', { type: 'string', describe: 'OCID of the user whose key this is' })
    .option('home-region', { type: 'string', describe: 'home region of the tenancy' })
    .option('regions', { type: 'string', describe: 'every subscribed region, separated by commas' })
    .option('custodian', { type: 'string', array: true, default: [], describe: 'name of a custodian (repeatable)' })
    .option('threshold', { type: 'number', describe: 'how many make a quorum' })
    .option('copies', { type: 'number', describe: 'copies of each share (default: 2)' })
    .option('key-size', { choices: [2048, 3072, 4096] as const, describe: 'RSA bits (default: 4096)' })
    .option('paper', { choices: ['A4', 'Letter'] as const, describe: 'paper size (default: A4)' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  const out = resolve(args.out)
  requireNew(out)
  const answers = await allAnswers(args)
  for (const [at, name] of answers.custodians.entries()) assertPrintable(name, `the name of custodian ${at + 1}`)
  const text = custodyYaml(answers)
  // What is written must read: a threshold above the number of custodians is refused here, not at the ceremony.
  parseCustodyYaml(text, out)
  writeNew(out, text)
  return { json: { out, custodians: answers.custodians.length, threshold: answers.threshold }, text: `${out} is written: ${answers.threshold} of ${answers.custodians.length} custodians.\nRead it once, fill in holders and places, then: glasskey ceremony --config ${shellWord(args.out)} --custody DIR` }
}

async function allAnswers(args: Arguments): Promise<CustodyAnswers> {
  // Nobody types answers for a file that can never be written.
  refuseWrong('threshold', args.threshold, custodySchema.shape.threshold)
  refuseWrong('copies', args.copies, z.number().int('must be a whole number').min(1, 'must be at least 1').max(MOST_COPIES, `must be at most ${MOST_COPIES}`))
  const tenancy = await text('tenancy', args.tenancy, 'OCID of the tenancy', tenancyOcid)
  const homeRegion = await text('home-region', args.homeRegion, 'Home region', region)
  const regions = (await text('regions', args.regions, 'Every subscribed region, separated by commas', line, homeRegion)).split(/[\s,]+/).filter((name) => name !== '')
  const user = await text('user', args.user, 'OCID of the user whose key this is', userOcid)
  const team = await text('team', args.team, 'Team that owns the custody', line)
  const contact = await text('contact', args.contact, 'Whom a custodian calls: name and number', line)
  const custodians = await names(args.custodian, args.threshold ?? LEAST_CUSTODIANS)
  return {
    team,
    contact,
    tenancy,
    user,
    realm: realmOf(tenancy),
    homeRegion,
    regions: [...new Set(regions.includes(homeRegion) ? regions : [homeRegion, ...regions])],
    threshold: args.threshold ?? (await count('threshold', `How many of the ${custodians.length} make a quorum?`, Math.floor(custodians.length / 2) + 1, { min: 2, max: custodians.length })),
    custodians,
    copies: args.copies ?? (isInteractive() ? await count('copies', 'Copies of each share', 2, { min: 1, max: MOST_COPIES }) : 2),
    generations: 4,
    keySize: args.keySize ?? 4096,
    paper: args.paper ?? (isInteractive() ? await asked('Paper', (onStandardError) => select({ message: 'Paper', choices: ['A4', 'Letter'] as const }, onStandardError)) : 'A4'),
    maximumHours: 4,
  }
}

async function text(flag: string, given: string | undefined, message: string, shape: z.ZodType<string>, fallback?: string): Promise<string> {
  const complaint = (value: string): string | true => complaintOf(shape, value.trim())
  if (given === undefined) {
    needTerminal(flag, message)
    return (await asked(message, (onStandardError) => input({ message, validate: complaint, ...(fallback === undefined ? {} : { default: fallback }) }, onStandardError))).trim()
  }
  refuseWrong(flag, given.trim(), shape)
  return given.trim()
}

/** What is wrong with an answer, or true. */
function complaintOf(shape: z.ZodType, answer: unknown): string | true {
  const parsed = shape.safeParse(answer)
  return parsed.success ? true : (parsed.error.issues[0]?.message ?? 'not understood')
}

/** Throws USAGE for what a flag gave, if it gave anything. */
function refuseWrong(flag: string, given: string | number | undefined, shape: z.ZodType): void {
  const said = given === undefined ? true : complaintOf(shape, given)
  if (said !== true) throw new GlasskeyError('USAGE', `--${flag} ${said}; not "${given}"`)
}

/** @param enough as many are asked for at least: fewer could make no quorum */
async function names(given: readonly string[], enough: number): Promise<string[]> {
  if (given.length > 0) return [...given]
  needTerminal('custodian', 'Names of the custodians')
  const found: string[] = []
  for (;;) {
    const message = `Name of custodian ${found.length + 1}${found.length >= enough ? ' (Enter when that is all)' : ''}`
    const name = (await asked(message, (onStandardError) => input({ message, validate: (typed) => (typed.trim() !== '' ? wrongName(typed.trim(), found) : found.length >= enough || `${enough} are needed at least`) }, onStandardError))).trim()
    if (name !== '') found.push(name)
    else if (found.length >= enough) return found
  }
}

/** What is wrong with one more name, or true. */
function wrongName(name: string, before: readonly string[]): string | true {
  const parsed = custodianName.safeParse(name)
  if (!parsed.success) return `A name ${parsed.error.issues[0]?.message ?? 'is one line'}`
  if (before.includes(name)) return `${name} is named already: one person must not hold two shares`
  try {
    assertPrintable(name, 'the name')
    return true
  } catch (error) {
    if (error instanceof GlasskeyError) return error.message
    throw error
  }
}

async function count(flag: string, message: string, fallback: number, { min, max }: { min: number; max: number }): Promise<number> {
  needTerminal(flag, message)
  return asked(message, (onStandardError) => number({ message, default: fallback, min, max, required: true }, onStandardError))
}

/**
 * Puts a question of inquirer: on standard error, as standard output has only what was asked for. Throws INTERRUPTED when it
 * is called off.
 */
async function asked<Answer>(message: string, put: (onStandardError: { output: NodeJS.WriteStream }) => Promise<Answer>): Promise<Answer> {
  try {
    return await put({ output: process.stderr })
  } catch (error) {
    // Of @inquirer/core, which is not ours to import.
    if (!(error instanceof Error && error.name === 'ExitPromptError')) throw error
    throw new GlasskeyError('INTERRUPTED', `stopped at the question: ${message}`, 'Nothing was written.', { cause: error })
  }
}

function needTerminal(flag: string, question: string): void {
  if (!isInteractive()) throw new GlasskeyError('NO_TERMINAL', `there is nobody to ask: ${question}`, `Give it as --${flag}.`)
}
