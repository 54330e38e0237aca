/**
 * Published schemas, checked by somebody else's validator: the ajv that eslint brings along. It knows draft 7; what it does
 * not know it refuses (`strictKeywords`), so that nothing of 2020-12 passes unread.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { OutcomeName } from './outcomes.js'

interface Validator {
  (value: unknown): boolean
  errors?: { dataPath: string; message?: string; params: unknown }[] | null
}
type Ajv = new (options: { allErrors: boolean; strictKeywords: boolean }) => { compile: (schema: object) => Validator }

const Ajv = createRequire(createRequire(import.meta.url).resolve('eslint/package.json'))('ajv') as Ajv
const FOLDER = new URL('../../docs/schemas/', import.meta.url)

/** Files of the schemas, compiled once. */
const compiled = new Map<string, Validator>()

function validatorOf(file: string): Validator {
  const known = compiled.get(file)
  if (known) return known
  const { $schema, ...schema } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { $schema: string }
  if ($schema !== 'https://json-schema.org/draft/2020-12/schema') throw new RangeError(`${file} is of ${$schema}`)
  const validator = new Ajv({ allErrors: true, strictKeywords: true }).compile(schema)
  compiled.set(file, validator)
  return validator
}

/** What a file of docs/schemas has against a value; empty when it accepts it. */
export function complaints(file: string, value: unknown): string[] {
  const validator = validatorOf(file)
  return validator(value) ? [] : (validator.errors ?? []).map(({ dataPath, message, params }) => `${dataPath || '(whole)'} ${message ?? ''} ${JSON.stringify(params)}`)
}

/** Which of these outcomes a value is, by the published schemas alone. */
export function outcomesThatAccept(names: readonly OutcomeName[], value: unknown): OutcomeName[] {
  return names.filter((name) => complaints(`outcome-${name}.json`, value).length === 0)
}
