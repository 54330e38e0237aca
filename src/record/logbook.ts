/** The logbook: every event in the life of the custody, for all time. Format: docs/format.md. */
import { z } from 'zod'
import { custodianNumber, generation, instant, keyId, line, sha256 } from '../custody/fields.js'
import { chainFields, readChain, type Chain } from './chain.js'
import { grade } from './journal.js'

const entry = <Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
): z.ZodObject<typeof chainFields & { type: z.ZodLiteral<Type> } & Shape, z.core.$strict> => z.strictObject({ ...chainFields, type: z.literal(type), ...shape })

const witnessed = { witness: line, note: line.optional() }

/** Every entry a logbook may have. */
export const logbookEntry = z.discriminatedUnion('type', [
  entry('ceremony', {
    /** 2 names the transcript; ceremonies of format 1 had none. */
    format: z.union([z.literal(1), z.literal(2)]),
    rehearsal: z.boolean(),
    tenancy: z.string(),
    user: z.string(),
    threshold: z.number().int(),
    custodians: z.number().int(),
    generations: z.array(z.strictObject({ generation, keyId, spkiSha256: sha256, manifestSha256: sha256 })).min(1),
    machine: z.array(line),
    exceptions: z.array(line),
    transcriptSha256: sha256.optional(),
    tool: line,
  }),
  entry('session', {
    session: z.string(),
    action: z.enum(['takeover', 'rotate', 'saas-admin']),
    rehearsal: z.boolean(),
    drill: z.boolean(),
    operator: line,
    incident: line,
    generation,
    keyId,
    warrantSha256: sha256,
    journalSha256: sha256,
    shares: z.array(custodianNumber),
    actionResult: z.string(),
    successor: z.strictObject({ generation, keyId }).nullable(),
    grade: grade.nullable(),
    secondsLive: z.number(),
    exitCode: z.number().int(),
  }),
  entry('handover', { custodian: custodianNumber, copy: z.number().int(), generations: z.array(generation).min(1).optional(), from: line, to: line, bag: line, ...witnessed }),
  entry('lost', { custodian: custodianNumber, copy: z.number().int(), generations: z.array(generation), ...witnessed }),
  entry('inspected', { custodian: custodianNumber, copy: z.number().int(), generations: z.array(generation), bag: line, condition: z.enum(['intact', 'opened', 'doubtful']), newBag: line.optional(), seenOnline: z.array(generation).min(1).optional(), ...witnessed }),
  entry('acknowledged', { custodian: custodianNumber, copy: z.number().int(), by: line, ...witnessed }),
  entry('destroyed', { generation, custodian: custodianNumber, copies: z.array(z.number().int()), method: line, ...witnessed }),
  entry('retired', { generation, reason: line }),
  entry('exception', { step: line, happened: line, decision: line, decidedBy: line, witness: line }),
  entry('audited', {
    auditor: line,
    report: sha256,
    failed: z.array(z.string()),
    notChecked: z.array(z.string()).optional(),
    /** With which OCI was read; null: with none. */
    login: z.strictObject({ profile: line, user: line }).nullable().optional(),
    /** Sessions begun in this time were looked at. */
    period: z.strictObject({ from: instant, to: instant }).optional(),
  }),
], { error: 'is not a kind of entry that this glasskey knows' })

/** An entry of the logbook. */
export type LogbookEntry = z.infer<typeof logbookEntry>
/** An entry before it has its place in the chain. */
export type NewLogbookEntry = LogbookEntry extends infer Entry ? (Entry extends LogbookEntry ? Omit<Entry, 'seq' | 'at' | 'prev' | 'torn'> : never) : never

/** Reads and verifies a logbook. Throws CHAIN_BROKEN. */
export function readLogbook(text: string, name = 'logbook.jsonl'): Chain<LogbookEntry> {
  return readChain<LogbookEntry>(text, logbookEntry, name)
}
