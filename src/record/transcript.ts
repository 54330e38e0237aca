/**
 * The transcript of a ceremony: what was done, step by step, in lines chained as a journal's are. Everything in it is
 * public. Format: docs/format.md, section "Transcript". Pure: text in, text out.
 */
import { z } from 'zod'
import { sha256Hex } from '../canonical.js'
import { custodianNumber, fingerprint, generation, instant, keyId, line, remark, sha256 } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { chainFields, readChain, type Chain } from './chain.js'
import { begin, follow, type Conduct } from './conduct.js'

/** People of a ceremony beside the custodians. */
export const ROLES = ['administrator', 'operator', 'internal witness', 'external witness'] as const
/** One of them. */
export type Role = (typeof ROLES)[number]

const stepNumber = z.string().regex(/^\d{1,2}\.\d{1,3}$/, 'must be the number of a step, such as 3.2')
const stepId = z.string().regex(/^[a-z]+\.[a-z]+$/, 'must be the name of a step, such as room.clock')
const counted = z.number().int().min(0)

const entry = <Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
): z.ZodObject<typeof chainFields & { type: z.ZodLiteral<Type> } & Shape, z.core.$strict> => z.strictObject({ ...chainFields, type: z.literal(type), ...shape })

/** Every line that a transcript may have. */
export const transcriptLine = z.discriminatedUnion('type', [
  entry('ceremony-opened', {
    format: z.literal(1),
    rehearsal: z.boolean(),
    conduct: z.enum(['dialogue', 'rehearsal --yes']),
    codeName: line,
    scriptVersion: z.number().int().min(1),
    scriptSha256: sha256,
    /** Every step that must be recorded, in order. */
    plan: z.array(z.strictObject({ number: stepNumber, step: stepId })).min(1).max(5000),
    tenancy: line,
    user: line,
    threshold: z.number().int().min(2),
    custodians: z.number().int().min(2),
    generations: z.array(generation).min(1),
    rulesSha256: sha256,
    previousManifestSha256: sha256.nullable(),
    tool: line,
    toolSha256: sha256,
    node: line,
  }),
  entry('person', { role: z.enum([...ROLES, 'custodian']), custodian: custodianNumber.nullable(), name: line, affiliation: line.nullable() }),
  entry('step', { number: stepNumber, step: stepId, did: z.enum(['confirmed', 'tool', 'rehearsal --yes']), value: remark.nullable(), began: instant, seconds: z.number().min(0) }),
  entry('exception', { exception: z.number().int().min(1), number: stepNumber, step: stepId, expected: remark, happened: remark, decision: remark, decidedBy: line }),
  entry('break', { number: stepNumber, began: instant, reason: remark, back: counted }),
  entry('made', { generation, keyId, spkiSha256: sha256, fingerprint, manifestSha256: sha256, envelopeSha256: sha256 }),
  entry('released', { custodian: custodianNumber, sheets: z.number().int().min(1), to: remark }),
  entry('scanned', { custodian: custodianNumber, generation, from: z.enum(['paper', 'typed', 'drawn pages']), envelope: z.boolean() }),
  entry('bagged', { custodian: custodianNumber, generation, copy: z.number().int().min(1), bag: line }),
  entry('abandoned', { number: stepNumber.nullable(), reason: remark }),
  entry('ceremony-closed', { steps: counted, exceptions: counted, bags: counted }),
], { error: 'is not a kind of line that this glasskey knows' })

/** A line of a transcript. */
export type TranscriptLine = z.infer<typeof transcriptLine>
/** A line before it has its place in the chain. */
export type TranscriptEntry = TranscriptLine extends infer Entry ? (Entry extends TranscriptLine ? Omit<Entry, 'seq' | 'at' | 'prev' | 'torn'> : never) : never
/** A line of one type. */
export type LineOf<Type extends TranscriptLine['type']> = Extract<TranscriptLine, { type: Type }>

/** A transcript that was followed from its first line to its last. */
export interface Transcript {
  chain: Chain<TranscriptLine>
  conduct: Conduct
  /** SHA-256 of the whole file: what people write down, what manifests name, what is signed. */
  sha256: string
}

/** The chain alone; whether its steps follow each other is not looked at. Throws CHAIN_BROKEN. */
export function readTranscriptLines(text: string, name = 'transcript.jsonl'): Chain<TranscriptLine> {
  return readChain<TranscriptLine>(text, transcriptLine, name)
}

/** Reads a transcript and follows it. Throws CHAIN_BROKEN, TRANSCRIPT_INVALID naming file and line. It may not have come to its end. */
export function readTranscript(text: string, name = 'transcript.jsonl'): Transcript {
  const chain = readTranscriptLines(text, name)
  const invalid = (at: number, what: string): GlasskeyError => new GlasskeyError('TRANSCRIPT_INVALID', `${name}, line ${at}: ${what}`, 'This is not the account of a ceremony that followed its script. Compare its SHA-256 with the one that people wrote down.')
  if (chain.torn !== '') throw invalid(chain.lines.length + 1, 'is half a line')
  const [first, ...rest] = chain.lines
  if (first?.type !== 'ceremony-opened') throw invalid(1, 'does not open a ceremony')
  let conduct = begin(first)
  for (const next of rest) {
    try {
      conduct = follow(conduct, next)
    } catch (error) {
      if (error instanceof GlasskeyError) throw invalid(next.seq, error.message)
      throw error
    }
  }
  return { chain, conduct, sha256: sha256Hex(text) }
}

/** A transcript that came to its end: its set is sealed. Throws as `readTranscript`, and SET_NOT_SEALED. */
export function readClosedTranscript(text: string, name = 'transcript.jsonl'): Transcript {
  const transcript = readTranscript(text, name)
  if (!transcript.conduct.closed) throw new GlasskeyError('SET_NOT_SEALED', `${name} does not come to an end: the ceremony was not closed`, 'What it made is not sealed and must not be installed. Hold the ceremony again.')
  return transcript
}
