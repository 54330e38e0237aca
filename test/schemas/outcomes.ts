/** What each `--json` prints. The commands build these objects themselves; the types here and the runs of real-outcomes.test.ts hold them to it. */
import { z } from 'zod'
import { CONTROLS } from '../../src/audit/controls.js'
import type { ControlResult } from '../../src/audit/control.js'
import type { Opinion } from '../../src/audit/opinion.js'
import type { Finding } from '../../src/breakglass/preflight.js'
import type { CeremonyResult } from '../../src/ceremony/conduct.js'
import type { GenerationCount } from '../../src/ceremony/count-sheets.js'
import type { Imported } from '../../src/ceremony/import.js'
import type { SignedLater } from '../../src/ceremony/sign-later.js'
import { SIGNING_ROLES } from '../../src/ceremony/signing.js'
import * as fields from '../../src/custody/fields.js'
import { fingerprint, instant, line, ocid, openpgpFingerprint, region, sha256 } from '../../src/custody/fields.js'
import type { Problem } from '../../src/commands/outcome.js'
import type { DrillReport } from '../../src/drill/drill.js'
import { EXIT_CODES, type ErrorCode } from '../../src/errors.js'
import { grade } from '../../src/record/journal.js'
import { logbookEntry } from '../../src/record/logbook.js'
import type { CustodyStanding } from '../../src/record/standing.js'

const problem = z.strictObject({
  code: z.enum(Object.keys(EXIT_CODES) as [ErrorCode, ...ErrorCode[]]).describe('Stable name; it decides the exit code'),
  message: z.string().describe('What was wrong, for people; the wording may change'),
  hint: z.string().describe('What to do next: a sentence or a command; empty when there is nothing to add'),
}) satisfies z.ZodType<Problem>

/** Ends with exit code 0, so `error` is null; or the command throws, and prints the error object instead. */
const none = z.null().describe('Null: the exit code is 0. A command that fails prints outcome-error.json instead')
/** May end otherwise than with 0 and still say what was found. */
const perhaps = problem.nullable().describe('Null when the exit code is 0')

const generation = fields.generation.describe('Generation, counted from 1')
const keyId = fields.keyId.describe('Key id: the first 8 bytes of the SHA-256 of the public key (SPKI, DER), in hex')
const custodianNumber = fields.custodianNumber.describe('Number of the custodian')
const tenancyOcid = fields.tenancyOcid.describe('OCID of the tenancy')
const userOcid = fields.userOcid.describe('OCID of a user')
const rehearsal = z.boolean().describe('Whether it is practice, which opens nothing real')
const count = z.number().int().min(0)
const path = z.string().min(1)
const seconds = z.number().min(0)
const entryNumber = z.number().int().min(1)
const sessionId = z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/).describe('Name of the session, and of its folder in sessions/')
const successor = z.strictObject({ generation, keyId })
const actionResult = z.enum(['not begun', 'done', 'failed', 'interrupted', 'none'])
const secondsLive = seconds.describe('For how many seconds the key was live; 0 when it was not')

const signingRole = z.enum(SIGNING_ROLES)

const ceremony = z.strictObject({
  custody: path.describe('Absolute path of the custody folder'),
  outbox: path.nullable().describe('Absolute path of what goes back over the air gap; null for the first ceremony, which writes the custody folder itself'),
  sheets: path.describe('Folder in which sheets lay, which are the secrets'),
  sheetFiles: z.array(z.string()).describe('Names of the sheets; only a rehearsal keeps their files'),
  record: path.describe('PDF of the ceremony record'),
  papers: z.array(path).describe('PDFs that people sign: a sheet for each exception, and the closing declaration; none without people'),
  rehearsal,
  codeName: z.string().describe('Two words by which people know the script'),
  transcript: path.describe('The transcript'),
  transcriptSha256: sha256.describe('Its SHA-256, as people wrote it down'),
  exceptions: z.number().int().min(0).describe('Exceptions that were recorded in it'),
  signatures: z.array(z.strictObject({ role: signingRole, name: z.string().describe('Who signed'), fingerprint: openpgpFingerprint })).describe('Verified OpenPGP signatures over it'),
  signers: z
    .array(z.strictObject({ generation: generation.describe('Generation whose rules need signers: the last before the ceremony, or its first'), needed: z.number().int().min(1).describe('How many of them must sign'), signed: z.array(openpgpFingerprint).describe('Who of them has signed every manifest'), missing: z.array(openpgpFingerprint).describe('Who has not') }))
    .describe('Whether those whom the rules need have signed the manifests; empty where they need nobody'),
  generations: z.array(z.strictObject({ generation, keyId, spkiSha256: sha256, fingerprint, manifestSha256: sha256 })).describe('What was made, in order'),
}) satisfies z.ZodType<CeremonyResult>

const ceremonyScript = z.strictObject({
  script: path.describe('PDF of the script'),
  codeName: z.string().describe('Two words by which people know it'),
  version: z.number().int().min(1).describe('Version of its steps'),
  sha256: sha256.describe('Digest on its cover'),
  words: z.string().describe('The same in words'),
  minutes: z.number().int().describe('Expected duration'),
  rehearsal,
  generations: z.array(generation).describe('What the ceremony will make'),
})

const ceremonySigned = z.strictObject({
  custody: path.describe('Absolute path of the custody folder or outbox'),
  transcript: path.describe('The transcript that was signed'),
  transcriptSha256: sha256,
  signatures: z.array(z.strictObject({ role: signingRole, name: z.string().describe('Who signed'), fingerprint: openpgpFingerprint, manifests: z.array(generation).describe('Generations whose manifests were signed too') })).describe('What was added'),
}) satisfies z.ZodType<SignedLater>

const imported = z.strictObject({
  custody: path.describe('Absolute path of the custody folder'),
  generations: z.array(generation).describe('Generations of the ceremony'),
  logbook: entryNumber.describe('Number of its logbook entry'),
  before: z.boolean().describe('Whether an earlier import made that entry, and this one added what had been missing'),
  brought: z.array(path).describe('What lies beside the generations and was brought or added to, by its name in the folder'),
  missing: z.array(path).describe('What a ceremony leaves, and this outbox does not have'),
  custodyYamlDiffers: z.boolean().describe('Whether the outbox has another custody.yaml than the folder, whose own was kept'),
}) satisfies z.ZodType<Imported>

const finding = z.strictObject({
  what: z.string().describe('What was looked at'),
  level: z.enum(['good', 'warn', 'stop']).describe('stop: a session would not begin; warn: people should know'),
  said: z.string().describe('What was found, for people'),
}) satisfies z.ZodType<Finding>

const standing = z.strictObject({
  generation,
  state: z.enum(['waiting', 'in use', 'exposed', 'not proved dead', 'burned', 'retired']),
  living: count.describe('Custodians with at least one copy that is not reported gone'),
  margin: z.number().int().describe('How many of them may yet be lost; negative: the sheets cannot open the key any more'),
  seen: z.array(custodianNumber).describe('Custodians whose share was seen in some session'),
})

const status = z.strictObject({
  rehearsal,
  inUse: standing.nullable().describe('The generation in use; null before the takeover'),
  waiting: z.array(generation).describe('Successors, the next one first'),
  unproved: z.array(z.strictObject({ generation, next: z.string().describe('What comes next for its key, for people') })).describe('Generations that were used and are not proved dead'),
  remarks: z.array(z.strictObject({ level: z.enum(['alarm', 'warn']), stops: z.boolean().describe('Whether no session could begin because of it'), text: z.string().describe('For people') })).describe('What is wrong, most urgent first'),
  daysSinceDrill: z.number().int().nullable().describe('Whole days since the last real drill; null when there was none'),
  drillDueInDays: z.number().int().describe('Days until the next drill; negative when it is overdue'),
  inspectionDueInDays: z.number().int().nullable().describe('Days until a bag is to be looked at; negative when it is overdue; null when there is none'),
  acknowledgementDueInDays: z.number().int().nullable().describe('Days until a custodian is to acknowledge the duties anew; likewise'),
  calendar: path.nullable().describe('Absolute path of the calendar that was written; null when none was asked for'),
  next: z.string().describe('What to do next, for people'),
  logbook: count.describe('Number of the last logbook entry'),
}) satisfies z.ZodType<Omit<CustodyStanding, 'due'> & { logbook: number; calendar: string | null }>

const session = z.strictObject({
  session: sessionId,
  action: z.enum(['takeover', 'rotate', 'saas-admin']),
  rehearsal,
  generation: generation.describe('Generation of the key that was released'),
  keyId: keyId.describe('Key id of that key'),
  successor: successor.nullable().describe('What is in use now; null when the session did not rotate'),
  actionResult: actionResult.describe('none: the warrant asks for a rotation only'),
  actionDetail: z.string().describe('What became of the action, for people; empty when it was not begun'),
  refusals: z.array(z.string()).describe('Requests that the strongroom refused to sign, and why'),
  grade: grade.nullable().describe('How well the used key is proved dead; null when no key was live'),
  strangersKeys: z.array(fingerprint).describe('Fingerprints of API keys that the user has and no manifest names, as a login read them last; none, too, where no login looked'),
  secondsLive,
  logbook: entryNumber.describe('Number of the logbook entry'),
  entryFile: path.nullable().describe('PDF of the logbook entry; null when it could not be drawn or written'),
  slipsFile: path.nullable().describe('PDF of the slips for the custodians; null when no share was read'),
  affidavitFile: path.nullable().describe('PDF of the affidavit for the destruction of the used sheets; null while they are still needed'),
  drillRecordFile: path.nullable().describe('PDF of the drill record; null when it was no drill'),
  evidenceFile: path.describe('evidence.json of the session'),
  bootstrapKeyFile: path.nullable().describe('takeover: file of the bootstrap key, which is to be destroyed; otherwise null'),
  error: perhaps,
})

const ended = z.strictObject({ keyId, grade: z.enum([...grade.options, 'none']), secondsLive })

const drillReport = z.strictObject({
  simulated: z.literal(true).describe('Nothing real was touched'),
  tool: z.string().describe('Name and version of glasskey'),
  directory: path.describe('Folder to go on playing in'),
  seconds: count.describe('How long the drill took'),
  steps: z.array(z.strictObject({ title: z.string().describe('What the step is'), command: z.string().describe('As it would be typed in the folder'), exitCode: z.number().int().min(0).max(6).describe('How it ended'), seconds: seconds.describe('How long it took') })).describe('Commands that were run, in order'),
  takeover: ended.describe('The key of the takeover'),
  release: z.strictObject({ ...ended.shape, shares: z.array(custodianNumber).describe('Custodians who released'), successor: z.number().int().min(0).describe('Generation in use afterwards') }),
  refused: z.array(z.string()).describe('Titles of the steps that were refused, as they should be'),
  tenancyUnchangedByRefusals: z.boolean().describe('Whether the tenancy was the same before and after them'),
}) satisfies z.ZodType<DrillReport>

const opinion = z.strictObject({
  verdict: z.enum(['Yes', 'No', 'Not established']),
  sentence: z.string().describe('Why, for people'),
}) satisfies z.ZodType<Opinion>

const code = z.string().regex(/^[A-Z]\d\d$/)
const control = z.strictObject({
  code: code.describe('Stable code; docs/audit-controls.md explains each'),
  claim: z.string().describe('What should be so'),
  result: z.enum(['holds', 'fails', 'not checked']),
  finding: z.string().describe('What was found, or why it does not hold or was not checked'),
  method: z.string().describe('How it was examined'),
  source: z.string().describe('From what'),
}) satisfies z.ZodType<Omit<ControlResult, 'bearsOn' | 'reperformed'>>

const audit = z.strictObject({
  passed: z.boolean().describe('Whether no control fails; some may not be checked'),
  failed: z.array(code).describe('Codes of the controls that fail'),
  auditor: line.describe('Who audits'),
  tenancy: tenancyOcid.nullable().describe('Tenancy that the key is for, as sealed; null when no manifest can be read'),
  user: userOcid.nullable().describe('User whose key it is, as sealed; null when no manifest can be read'),
  rehearsal: z.boolean().describe('Whether any of what was audited was made on a simulator'),
  period: z.strictObject({ from: instant, to: instant }).describe('Sessions that were looked at: those begun in this time'),
  login: z.string().nullable().describe('Profile with which OCI was read; null: only what can be checked offline was'),
  opinion: z.strictObject({ scriptFollowed: opinion, keyRevoked: opinion, actionsExplained: opinion }),
  controls: z.array(control).length(CONTROLS.length).describe('Every control there is, in order'),
  reconciliation: z
    .strictObject({
      matched: count.describe('Calls that are in our journals and in OCI\'s Audit log'),
      journalOnly: count.describe('Calls that OCI answered and its log does not have'),
      late: count.describe('Matched, with times more than five minutes apart'),
      cloudOnly: count.describe('Events by a used key that no journal explains'),
    })
    .nullable()
    .describe('Our journals against OCI\'s Audit log; null without a login'),
  notChecked: z.array(z.string()).describe('What was not checked, and why, for people'),
  out: path.nullable().describe('Absolute path of the report (PDF); null when none was asked for'),
  logbook: entryNumber.nullable().describe('Number of the logbook entry; null when the audit was not entered'),
  error: perhaps,
})

const recovered = z.strictObject({
  keyId,
  generation,
  rehearsal,
  tenancy: tenancyOcid,
  user: userOcid.describe('Whose API key it is'),
  homeRegion: region,
  fingerprint: fingerprint.describe('As OCI lists the key'),
  out: path.nullable().describe('Absolute path of the file with the key; null when the key is in this object'),
  privateKeyPem: z.string().regex(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\nOCI_API_KEY\n$/).nullable().describe('SECRET. PKCS#8 PEM and the line OCI_API_KEY, as OCI\'s tools read it; null when it was written to a file'),
  error: none,
})

const url = z.string().regex(/^https?:\/\/127\.0\.0\.1:\d+$/)
const simulator = z.strictObject({
  simulator: z.literal(true).describe('Nothing here is real'),
  endpoints: z.record(region, url).describe('Every region with the address that answers for it; the home region first'),
  homeRegion: region,
  domainUrl: url.describe('Address of the default identity domain'),
  tenancy: tenancyOcid,
  users: z.strictObject({ administrator: userOcid, secondAdministrator: userOcid, operator: userOcid, auditor: userOcid, remover: userOcid }),
  groups: z.strictObject({ administrators: ocid, operators: ocid, auditors: ocid, removers: ocid }),
  compartments: z.strictObject({ production: ocid, sandbox: ocid }),
  domain: ocid,
  databases: z.strictObject({ available: ocid, alwaysFree: ocid, stopped: ocid }),
  secrets: z.strictObject({ saasAdmin: ocid }),
  pid: z.number().int().min(1).describe('Process to stop: SIGTERM'),
  config: path.nullable().describe('Absolute path of the folder with an OCI configuration; null without --write-config'),
  error: none,
})

const inspected = z.strictObject({
  rehearsal,
  keyId,
  custodian: custodianNumber,
  threshold: count.describe('How many shares make a quorum'),
  shares: count.describe('How many shares there are'),
  name: z.string().nullable().describe('Name of the custodian; null when the folder does not know the key, or none was given'),
  generation: generation.nullable().describe('Null when the folder does not know the key, or none was given'),
  standing: z.string().nullable().describe('What that generation is good for, for people; null likewise'),
  promised: z.boolean().describe('Whether it is the share that the folder\'s manifest promises'),
  keyWords: z.string().describe('The key id in words, for reading aloud'),
  sealedTo: fields.openpgpFingerprint.nullable().describe('OpenPGP key that the share is sealed to, where it was not opened; null otherwise'),
})

const inspection = z.strictObject({
  logbook: entryNumber.describe('Number of the logbook entry'),
  sha256: sha256.describe('SHA-256 of that line, for the paper book'),
  out: path.nullable().describe('Absolute path of the printed entry; null when none was asked for'),
})

const checkedSheets = z.strictObject({
  wrong: z.array(z.strictObject({ where: z.string().describe('File and page'), code: z.enum(Object.keys(EXIT_CODES) as [ErrorCode, ...ErrorCode[]]), message: z.string().describe('How it is wrong, for people') })).describe('Sheets that do not verify'),
  notSeen: count.describe('Copies that should exist and were not scanned'),
  generations: z
    .array(
      z.strictObject({
        generation,
        keyId,
        sheets: z
          .array(z.strictObject({ custodian: custodianNumber, name: z.string().describe('Name of the custodian'), seen: count.describe('Scans of this share; copies of a share bear the same codes'), copies: count.describe('Copies that should exist') }))
          .describe('One for each custodian'),
        envelopes: count.describe('How often all codes of page 2 were read'),
        pages: count.describe('How often page 1 was scanned'),
        keyWords: z.string().describe('The key id in words, for reading aloud'),
      }) satisfies z.ZodType<GenerationCount & { keyWords: string }>,
    )
    .describe('Generations that were looked for'),
  error: perhaps,
})

const entered = z.strictObject({ entry: logbookEntry.describe('The entry, as it stands in logbook.jsonl'), sha256: sha256.describe('SHA-256 of that line, for the paper book'), error: none })

/** By the name of their file: `outcome-<name>.json`. */
export const outcomes = {
  error: z.strictObject({ error: problem }),
  init: z.strictObject({ out: path.describe('Absolute path of the custody.yaml that was written'), custodians: count.describe('How many there are'), threshold: count.describe('How many of them make a quorum'), error: none }),
  ceremony: z.strictObject({ ...ceremony.shape, error: none }),
  'ceremony-script': z.strictObject({ ...ceremonyScript.shape, error: none }),
  'ceremony-signed': z.strictObject({ ...ceremonySigned.shape, error: none }),
  'ceremony-import': z.strictObject({ ...imported.shape, error: none }),
  check: z.strictObject({ ready: z.boolean().describe('Whether a session would begin'), findings: z.array(finding).describe('What was looked at, in order'), error: perhaps }),
  status: z.strictObject({ ...status.shape, error: none }),
  session,
  'nothing-to-do': z.strictObject({
    session: z.null().describe('Null: no session was held or finished'),
    found: z.array(z.string()).min(1).describe('What was found, for people'),
    error: perhaps,
  }),
  'share-inspect': z.strictObject({ shares: z.array(inspected).describe('Shares that were read'), envelopes: z.array(z.strictObject({ keyId, parts: count.describe('Codes on page 2'), sha256: sha256.nullable().describe('SHA-256 of the envelope, as printed on page 2') })).describe('Envelopes that were read completely'), envelopeParts: count.describe('Codes of page 2 that were read'), whole: z.boolean().nullable().describe('Whether both pages were read and are right; null when the bag stayed closed'), inspection: inspection.nullable().describe('What was written into the logbook; null when nothing was'), error: perhaps }),
  'check-sheets': checkedSheets,
  'share-send': z.strictObject({
    session: z.string().describe('Session that the message is for'),
    custodian: custodianNumber,
    keyId,
    to: fields.openpgpFingerprint.describe('One-time OpenPGP key of that session'),
    rehearsal,
    out: path.nullable().describe('File of the message; null when it is below'),
    message: z.string().nullable().describe('The message in armour; null when it is in a file'),
    error: none,
  }),
  'logbook-list': z.strictObject({ entries: z.array(logbookEntry).describe('Every entry, as it stands in logbook.jsonl'), error: none }),
  'logbook-show': entered,
  'logbook-add': z.strictObject({
    ...entered.shape,
    error: perhaps,
    out: path.nullable().describe('Absolute path of the form to sign (PDF); null when there is none'),
    printer: z.string().nullable().describe('CUPS printer that has it; null when none has'),
  }),
  'logbook-verify': z.strictObject({ logbook: count.describe('Number of the last entry'), sha256: sha256.describe('SHA-256 of that line, for the paper book'), sessions: count.describe('Sessions whose last signature was verified'), error: none }),
  'logbook-print': z.strictObject({ logbook: entryNumber.describe('Number of the entry'), out: path.nullable().describe('Absolute path of the PDF; null when none was asked for'), printer: z.string().nullable().describe('CUPS printer that has it; null when none was asked for'), error: none }),
  summons: z.strictObject({
    rehearsal,
    generation: generation.describe('Generation in use: the bag to bring'),
    keyId,
    threshold: count.describe('How many custodians are needed'),
    custodians: z.array(custodianNumber).describe('Custodians who have a good sheet, in the order in which they are called; how they are reached is on the page only'),
    unreachable: z.array(custodianNumber).describe('Those of them for whom custody.yaml has no telephone number'),
    out: path.nullable().describe('Absolute path of the page (PDF); null when none was asked for'),
    printer: z.string().nullable().describe('CUPS printer that has it; null when none was asked for'),
    error: none,
  }),
  forms: z.strictObject({
    forms: z.array(z.strictObject({ name: z.string().describe('Name of the form'), purpose: z.string().describe('What it is for, for people'), out: path.nullable().describe('Absolute path of the PDF; null when the forms were only listed') })).describe('Forms, in order'),
    missing: z.array(z.strictObject({ name: z.string().describe('Name of the form'), why: z.string().describe('Why there is none to print now, for people') })).describe('Forms that could not be printed'),
    error: none,
  }),
  audit,
  recover: recovered,
  simulator,
  drill: z.strictObject({ ...drillReport.shape, error: none }),
} as const

/** report.json of a drill, for those who come later. */
export const drillReportSchema = drillReport

/** Name of an outcome's schema. */
export type OutcomeName = keyof typeof outcomes

/** What each command prints with `--json` where it does not refuse. docs/schemas/README.md is made from this table. */
export const COMMANDS: Readonly<Record<string, readonly [OutcomeName, ...OutcomeName[]]>> = {
  drill: ['drill'],
  init: ['init'],
  ceremony: ['ceremony', 'ceremony-script'],
  'ceremony sign': ['ceremony-signed'],
  'ceremony import': ['ceremony-import'],
  takeover: ['session', 'nothing-to-do'],
  'break rotate': ['session', 'summons'],
  'break saas-admin': ['session', 'summons'],
  resume: ['session', 'nothing-to-do'],
  status: ['status'],
  check: ['check'],
  'check sheets': ['check-sheets'],
  'logbook list': ['logbook-list'],
  'logbook show': ['logbook-show'],
  'logbook verify': ['logbook-verify'],
  'logbook print': ['logbook-print'],
  'logbook add': ['logbook-add'],
  forms: ['forms'],
  audit: ['audit'],
  'share inspect': ['share-inspect'],
  'share send': ['share-send'],
  recover: ['recover'],
  simulator: ['simulator'],
}
