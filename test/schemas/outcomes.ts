/** What each `--json` prints. The commands build these objects themselves; the types and runs below hold them to it. */
import { z } from 'zod'
import { type Finding } from '../../src/breakglass/preflight.js'
import { type CeremonyResult } from '../../src/ceremony/conduct.js'
import { type Imported } from '../../src/ceremony/import.js'
import { fingerprint, generation, keyId, sha256 } from '../../src/custody/fields.js'
import { type DrillReport } from '../../src/drill/drill.js'
import { EXIT_CODES, type ErrorCode } from '../../src/errors.js'
import { grade } from '../../src/record/journal.js'
import { logbookEntry } from '../../src/record/logbook.js'
import { type CustodyStanding } from '../../src/record/standing.js'

const problem = z.strictObject({ code: z.enum(Object.keys(EXIT_CODES) as [ErrorCode, ...ErrorCode[]]), message: z.string(), hint: z.string() })
const count = z.number().int().min(0)
const ended = z.strictObject({ keyId: z.string(), grade: z.string(), secondsLive: z.number() })

const ceremony = z.strictObject({
  custody: z.string(),
  outbox: z.string().nullable(),
  sheets: z.string(),
  sheetFiles: z.array(z.string()),
  record: z.string(),
  rehearsal: z.boolean(),
  generations: z.array(z.strictObject({ generation, keyId, spkiSha256: sha256, fingerprint, manifestSha256: sha256 })),
}) satisfies z.ZodType<CeremonyResult>

const imported = z.strictObject({ custody: z.string(), generations: z.array(generation), logbook: count, custodyYamlDiffers: z.boolean() }) satisfies z.ZodType<Imported>

const check = z.strictObject({
  ready: z.boolean(),
  findings: z.array(z.strictObject({ what: z.string(), level: z.enum(['good', 'warn', 'stop']), said: z.string() }) satisfies z.ZodType<Finding>),
})

const status = z.strictObject({
  rehearsal: z.boolean(),
  inUse: z.strictObject({ generation, state: z.enum(['waiting', 'in use', 'exposed', 'not proved dead', 'burned', 'retired']), living: count, margin: z.number().int(), seen: z.array(z.number().int()) }).nullable(),
  waiting: z.array(generation),
  remarks: z.array(z.strictObject({ level: z.enum(['alarm', 'warn']), stops: z.boolean(), text: z.string() })),
  daysSinceDrill: z.number().int().nullable(),
  drillDueInDays: z.number().int(),
  next: z.string(),
  logbook: count,
}) satisfies z.ZodType<CustodyStanding & { logbook: number }>

const session = z.strictObject({
  session: z.string(),
  action: z.enum(['takeover', 'rotate', 'saas-admin']),
  rehearsal: z.boolean(),
  generation,
  keyId,
  successor: z.strictObject({ generation, keyId }).nullable(),
  actionResult: z.string(),
  actionDetail: z.string(),
  refusals: z.array(z.string()),
  grade: grade.nullable(),
  secondsLive: z.number(),
  logbook: count,
  entry: z.string(),
  slips: z.string().nullable(),
  evidence: z.string(),
  error: problem.nullable(),
  /** Only of a takeover. */
  bootstrapKeyFile: z.string().optional(),
})

const drill = z.strictObject({
  simulated: z.literal(true),
  tool: z.string(),
  directory: z.string(),
  seconds: count,
  steps: z.array(z.strictObject({ title: z.string(), command: z.string(), exitCode: z.number().int(), seconds: z.number() })),
  takeover: ended,
  release: z.strictObject({ ...ended.shape, shares: z.array(z.number().int()), successor: z.number().int() }),
  refused: z.array(z.string()),
  tenancyUnchangedByRefusals: z.boolean(),
}) satisfies z.ZodType<DrillReport>

/** By the name of their file: `outcome-<name>.json`. */
export const outcomes = {
  error: z.strictObject({ error: problem }),
  init: z.strictObject({ out: z.string(), custodians: count, threshold: count }),
  ceremony,
  'ceremony-import': imported,
  check,
  status,
  session,
  'share-inspect': z.strictObject({
    shares: z.array(z.strictObject({
      rehearsal: z.boolean(), keyId, custodian: z.number().int(), threshold: count, shares: count, name: z.string().nullable(), generation: generation.nullable(), standing: z.string().nullable(), promised: z.boolean(),
    })),
    envelopeParts: count,
  }),
  'logbook-list': z.strictObject({ entries: z.array(logbookEntry) }),
  'logbook-show': z.strictObject({ entry: logbookEntry, sha256 }),
  'logbook-verify': z.strictObject({ verified: z.literal(true), entries: count, head: sha256, sessions: count }),
  drill,
} as const
