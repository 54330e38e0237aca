/** The script of one ceremony: the steps with its own names and numbers filled in, and the digest that stands on the cover. */
import { canonicalDigest } from '../canonical.js'
import type { Custody } from '../custody/custody-yaml.js'
import { rulesDigest } from '../custody/rules.js'
import { hexToWords } from '../custody/words.js'
import { ACTS, HOUSE_RULES, SCRIPT_VERSION, type ActDefinition, type Doer, type StepDefinition } from './steps.js'

/** One step of one ceremony. */
export interface Step {
  /** As printed: act and place in it, `6.3`. */
  number: string
  id: string
  who: Doer
  minutes: number
  text: string
  before: string | null
  record: string | null
  /** Custodian or generation that it is about; null for a step that is done once. */
  custodian: number | null
  generation: number | null
}

/** An act of one ceremony. */
export interface Act {
  number: number
  title: string
  intro: string
  /** Whether it is done after the transcript has ended. */
  onPaper: boolean
  steps: Step[]
}

/** What a ceremony is about, all of it public and known beforehand. */
export interface ScriptFacts {
  custody: Custody
  rehearsal: boolean
  first: number
  count: number
  previousManifestSha256: string | null
}

/** A script: what is printed, and what is conducted. */
export interface Script {
  version: number
  acts: Act[]
  houseRules: readonly string[]
  /** Over everything above and the facts. */
  sha256: string
  /** Two words by which people know that they hold the same script. */
  codeName: string
  minutes: number
}

/** The script of a ceremony. The same facts give the same digest, on every machine. */
export function scriptFor({ custody, rehearsal, first, count, previousManifestSha256 }: ScriptFacts): Script {
  const generations = Array.from({ length: count }, (_, at) => first + at)
  const people = custody.custodians.map(({ number, name }) => ({ number, name }))
  const words = {
    threshold: String(custody.threshold),
    custodians: String(people.length),
    generations: generationsInWords(generations),
    sheets: String(count * custody.custodians.reduce((sum, { copies }) => sum + copies.length, 0)),
  }
  const acts = ACTS.map((act, at) => fillAct(act, at + 1, words, people, generations))
  const sha256 = canonicalDigest({
    version: SCRIPT_VERSION,
    rehearsal,
    tenancy: custody.tenancy,
    user: custody.user,
    homeRegion: custody.homeRegion,
    contact: custody.owner.contact,
    threshold: custody.threshold,
    custodians: custody.custodians.map(({ number, name, copies }) => ({ number, name, copies: copies.length })),
    generations,
    keySize: custody.keySize,
    rulesSha256: rulesDigest(custody.rules),
    previousManifestSha256,
    houseRules: [...HOUSE_RULES],
    acts: acts.map((act) => ({ ...act, steps: act.steps.map((step) => ({ ...step })) })),
  })
  return {
    version: SCRIPT_VERSION,
    acts,
    houseRules: HOUSE_RULES,
    sha256,
    codeName: hexToWords(sha256.slice(0, 4)),
    minutes: acts.flatMap(({ steps }) => steps).reduce((sum, { minutes }) => sum + minutes, 0),
  }
}

/** Steps that the transcript records, in order. */
export function recordedSteps(script: Script): Step[] {
  return script.acts.filter(({ onPaper }) => !onPaper).flatMap(({ steps }) => steps)
}

/** `key of GENERATION 5`, `keys of GENERATION 1 to 4`. */
export function generationsInWords(generations: readonly number[]): string {
  const [first = 0] = generations
  return generations.length === 1 ? `key of GENERATION ${first}` : `keys of GENERATION ${first} to ${first + generations.length - 1}`
}

function fillAct(act: ActDefinition, number: number, words: Record<string, string>, people: readonly { number: number; name: string }[], generations: readonly number[]): Act {
  // Custodian by custodian, not step by step: each goes through all of theirs before the next one comes.
  const turns: { step: StepDefinition; person: { number: number; name: string } | null; generation: number | null }[] = act.steps.every(({ each }) => each === 'custodian')
    ? people.flatMap((person) => act.steps.map((step) => ({ step, person, generation: null })))
    : act.steps.flatMap((step) => (step.each === 'generation' ? generations : [null]).map((generation) => ({ step, person: null, generation })))
  return {
    number,
    title: act.title,
    intro: act.intro,
    onPaper: act.onPaper ?? false,
    steps: turns.map(({ step, person, generation }, at) =>
      fillStep(step, `${number}.${at + 1}`, { ...words, ...(person ? { custodian: `${person.number}, ${person.name},` } : {}), ...(generation === null ? {} : { generation: String(generation) }) }, person?.number ?? null, generation),
    ),
  }
}

function fillStep(step: StepDefinition, number: string, words: Record<string, string>, custodian: number | null, generation: number | null): Step {
  const fill = (text: string): string => fillWords(text, words)
  return { number, id: step.id, who: step.who, minutes: step.minutes, text: fill(step.text), before: step.before === undefined ? null : fill(step.before), record: step.record ?? null, custodian, generation }
}

/** Throws a RangeError for a word in braces that nobody fills in. */
export function fillWords(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const word = words[name]
    if (word === undefined) throw new RangeError(`a step has {${name}}, which nobody fills in`)
    return word
  })
}
