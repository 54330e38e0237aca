/** The ceremony: planned, conducted step by step, closed, signed, and only then written. One process, no network. */
import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { canonicalJson } from '../canonical.js'
import { asRemark } from '../custody/fields.js'
import { manifestDigest, manifestFile } from '../custody/manifest.js'
import { rulesDigest } from '../custody/rules.js'
import { GlasskeyError } from '../errors.js'
import { lookForNetwork, requireAirGap } from '../host/air-gap.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { readClocks, wallClock } from '../host/clock.js'
import { makeFolder, removeFile, writeNew } from '../host/disk.js'
import { requireOwnCode } from '../host/environment.js'
import { withoutCoreFile } from '../host/isolation.js'
import { LineFile } from '../host/line-file.js'
import { ownCodeDigest } from '../host/own-code.js'
import { places } from '../host/sealed-folder.js'
import { say, shellWord } from '../host/terminal.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../record/logbook.js'
import { nextStep, type Conduct } from '../record/conduct.js'
import type { Role } from '../record/transcript.js'
import { TOOL } from '../version.js'
import { countSigners, demandsOf, tooFewSigners, type Demand, type SignersCount } from './enough-signers.js'
import { ceremonyEntry } from './entry.js'
import { paperPath, recordPath, writeGeneration, writeSignatures } from './folder-files.js'
import type { MadeGeneration } from './generations.js'
import { requireSheetFolder } from './memory-folder.js'
import { drawPapers, type Paper } from './papers.js'
import type { People } from './people.js'
import { Performance } from './performance.js'
import { planCeremony, requireFree, targetOf, type Plan } from './planning.js'
import { drawRecord } from './record-page.js'
import { filesOrCamera, type SheetSource } from './scan-again.js'
import { recordedSteps, scriptFor, type Script } from './script.js'
import { gatherSignatures, SIGNING_ROLES, type Signed, type SigningRole } from './signing.js'
import { linesOfWords, shownAt, toolSteps, type Making, type Told } from './tool-steps.js'
import { copyKey, readSealingKeys } from './sealing-keys.js'
import { TranscriptWriter } from './transcript-writer.js'
import { untilWritten } from './until-written.js'
import { putBack, writeWhole } from './whole-folder.js'

/** What is asked of a ceremony. */
export interface CeremonyRequest {
  /** custody.yaml; the folder's own for a later ceremony when undefined. */
  config: string | undefined
  custody: string
  sheets: string | undefined
  /** Where a later ceremony puts what goes back over the air gap. */
  outbox: string | undefined
  rehearsal: boolean
  printer: string | undefined
  /** Scan files that are offered where sheets are read again. */
  rescan: readonly string[]
  /** Rehearsals: the files of the sheets stay. */
  keepSheets: boolean
  roles: Partial<Record<Role, string>>
  /** Key file or gpg:FINGERPRINT of those who sign. */
  signatures: Partial<Record<SigningRole, string>>
  /** With what custodians prove that their sealed shares open. */
  keys: CustodianKeys
}

/** What a ceremony made; nothing secret. */
export interface CeremonyResult {
  custody: string
  outbox: string | null
  sheets: string
  sheetFiles: string[]
  record: string
  /** Papers that people sign: exception sheets and the closing declaration. */
  papers: string[]
  rehearsal: boolean
  codeName: string
  transcript: string
  transcriptSha256: string
  exceptions: number
  signatures: { role: SigningRole; name: string; fingerprint: string }[]
  /** Who of those whom the rules need has signed every manifest; none where they need nobody. */
  signers: SignersCount[]
  generations: { generation: number; keyId: string; spkiSha256: string; fingerprint: string; manifestSha256: string }[]
}

/** What is sealed and written. */
interface Sealed {
  made: MadeGeneration[]
  signed: Signed[]
  signers: SignersCount[]
  papers: Paper[]
  transcriptSha256: string
}

/** Stands for the transcript's digest where a page is only tried. */
const NO_DIGEST = '0'.repeat(64)

/** Conducts a ceremony. Nothing that exists is overwritten, and nothing reaches the folder before the transcript is closed. */
export async function conductCeremony(request: CeremonyRequest, convene: () => People, source: SheetSource = filesOrCamera): Promise<CeremonyResult> {
  if (!request.rehearsal) requireOwnCode(process.env)
  withoutCoreFile()
  const [now, begun] = [wallClock(), readClocks().uptime]
  putBack(request.custody)
  const plan = planCeremony(request)
  const sealingKeys = await readSealingKeys(plan.custody, request.config ?? places.custody(request.custody), now)
  const target = targetOf(request.custody, request.outbox, plan)
  if (request.sheets !== undefined && `${resolve(request.sheets)}/`.startsWith(`${resolve(target)}/`)) throw new GlasskeyError('USAGE', `the sheets would lie in ${target}, which is made whole in the end`, 'Name a folder beside it with --sheets.')
  requireSheetFolder(request.sheets)
  if (!request.rehearsal) requireAirGap(lookForNetwork())
  const people = convene()
  if (request.keepSheets && !request.rehearsal) throw new GlasskeyError('REHEARSAL_MISMATCH', 'files of real sheets are never kept', 'Leave --keep-sheets away; it is for rehearsals.')
  const script = scriptFor({ ...plan, rehearsal: request.rehearsal })
  const toolSha256 = ownCodeDigest()
  const unfinished = people.conduct === 'dialogue' ? unfinishedPath(target, now) : null
  const transcript = openTranscript(unfinished, request, plan, script, people, toolSha256)
  const performance = new Performance(people, transcript, script, wallClock)
  const drawPublic = async ({ made, machine }: Making, transcriptSha256: string, signed: readonly Signed[], signers: readonly SignersCount[], conduct: Conduct): Promise<{ record: Uint8Array; papers: Paper[] }> => {
    // By the clock as it is by then: people may have set it since.
    const ended = wallClock()
    const started = new Date(ended.getTime() - (readClocks().uptime - begun))
    const record = await drawRecord(plan.custody, made, { rehearsal: request.rehearsal, started, ended, machine, toolSha256, previousManifestSha256: plan.previousManifestSha256, conduct, transcriptSha256, codeName: script.codeName, signed, signers })
    const papers = people.conduct === 'dialogue' ? await drawPapers({ custody: plan.custody, conduct, started, ended, transcriptSha256 }) : []
    return { record, papers }
  }
  const tryPapers = async (sofar: Making): Promise<void> => {
    const sample = { type: 'exception' as const, exception: 1, number: '1.1', step: 'sample', expected: '-', happened: '-', decision: '-', decidedBy: '-' }
    await drawPublic(sofar, NO_DIGEST, [], countSigners(demandsIn(plan), [[]]), { ...transcript.conduct, exceptions: [sample] })
  }
  const told: Told = { ...request, plan, sealingKeys, toolSha256, source, tryPapers, keepSheets: request.keepSheets || people.conduct !== 'dialogue' }
  const making: Making = { made: [], sheets: [], folder: null, handing: null, machine: [] }
  people.begin(script)
  if (unfinished !== null) say(`The transcript is written to ${unfinished}, step by step.`, 'faint')
  /** Closes, signs and writes. From the closing on people have their bags: what cannot be written now is not lost for that. */
  const seal = async (): Promise<Sealed> => {
    const closed = await untilWritten(people, () => transcript.close())
    const made = making.made.map((generation) => ({ ...generation, manifest: { ...generation.manifest, transcriptSha256: closed.sha256 } }))
    if (people.conduct === 'dialogue') tellDigest(closed.sha256)
    const signed = await gatherSignatures(people, toSign(closed.text, made, plan), namesOf(transcript), request.signatures, unfinished)
    const signers = countSigners(demandsIn(plan), made.map(({ manifest: { generation } }) => signed.flatMap(({ fingerprint, manifests }) => (manifests.has(generation) ? [fingerprint] : []))))
    for (const line of tooFewSigners(signers, `glasskey ceremony sign --custody ${shellWord(request.custody)}${plan.earlier === null ? '' : ` --outbox ${shellWord(target)}`}`)) say(line, 'alarm')
    const { record, papers } = await drawPublic({ ...making, made }, closed.sha256, signed, signers, transcript.conduct)
    const entry = ceremonyEntry(transcript.conduct, made, { machine: making.machine, transcriptSha256: closed.sha256 })
    const fill = (path: string): void => {
      writeNew(places.custody(path), plan.configText)
      for (const key of sealingKeys.values()) copyKey(path, key)
      for (const generation of made) writeGeneration(path, generation, plan.custody.rules)
      makeFolder(places.records(path))
      writeNew(places.transcript(path, plan.first), closed.text)
      writeSignatures(path, plan.first, signed)
      writeNew(recordPath(path, plan.first), record)
      for (const { name, pdf } of papers) writeNew(paperPath(path, plan.first, name), pdf)
      if (plan.earlier === null) LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(path), readLogbook, wallClock).append(entry)
      else writeNew(places.entry(path), canonicalJson(entry) + '\n')
    }
    await untilWritten(people, () => {
      writeWhole(target, () => {
        requireFree(target, plan.custody, `Move it out of ${target}: nothing of it is removed.`)
      }, fill)
    })
    return { made, signed, signers, papers, transcriptSha256: closed.sha256 }
  }
  let sealed: Sealed
  try {
    await performance.play(toolSteps(performance, told, making), shownAt(performance, told))
    sealed = await seal()
  } catch (error) {
    await abandon(transcript, making, error, unfinished)
    throw error
  }
  const { made, signed, signers, papers, transcriptSha256 } = sealed
  if (unfinished !== null) removeFile(unfinished)
  return {
    custody: request.custody,
    outbox: plan.earlier === null ? null : target,
    sheets: making.folder?.path ?? '',
    sheetFiles: making.sheets.map(({ name }) => name),
    record: recordPath(target, plan.first),
    papers: papers.map(({ name }) => paperPath(target, plan.first, name)),
    rehearsal: request.rehearsal,
    codeName: script.codeName,
    transcript: places.transcript(target, plan.first),
    transcriptSha256,
    exceptions: transcript.conduct.exceptions.length,
    signatures: signed.map(({ role, name, fingerprint }) => ({ role, name, fingerprint })),
    signers,
    generations: made.map(({ manifest }) => ({
      generation: manifest.generation,
      keyId: manifest.keyId,
      spkiSha256: manifest.spkiSha256,
      fingerprint: manifest.fingerprint,
      manifestSha256: manifestDigest(manifest),
    })),
  }
}

/** Beside the folder that will hold it; kept when the ceremony does not come to its end. */
function unfinishedPath(target: string, started: Date): string {
  return join(dirname(resolve(target)), `${basename(target)}-transcript-${started.toISOString().replace(/[-:]|\.\d+/g, '')}.jsonl`)
}

function openTranscript(path: string | null, { rehearsal }: CeremonyRequest, plan: Plan, script: Script, people: People, toolSha256: string): TranscriptWriter {
  const { custody, first, count, previousManifestSha256 } = plan
  const opened = {
    type: 'ceremony-opened' as const,
    format: 1 as const,
    rehearsal,
    conduct: people.conduct,
    codeName: script.codeName,
    scriptVersion: script.version,
    scriptSha256: script.sha256,
    plan: recordedSteps(script).map(({ number, id }) => ({ number, step: id })),
    tenancy: custody.tenancy,
    user: custody.user,
    threshold: custody.threshold,
    custodians: custody.custodians.length,
    generations: Array.from({ length: count }, (_, at) => first + at),
    rulesSha256: rulesDigest(custody.rules),
    previousManifestSha256,
    tool: TOOL,
    toolSha256,
    node: process.version,
  }
  return path === null ? TranscriptWriter.inMemory(opened, wallClock) : TranscriptWriter.onDisk(path, opened, wallClock)
}

/** What a ceremony that ends early leaves: no file of a sheet, and a transcript that says where and why. */
async function abandon(transcript: TranscriptWriter, making: Making, error: unknown, unfinished: string | null): Promise<void> {
  const stuck = (making.handing?.files() ?? []).filter((path) => existsSync(path) && !removed(path))
  const kept = await making.handing?.forgetPrinted()
  if (unfinished === null) return
  say('')
  say('The ceremony ends here. Nothing was written to a custody folder, and what was made is never installed.', 'alarm')
  if (transcript.conduct.released.length > 0) say(`Sheets of custodian ${transcript.conduct.released.join(', ')} were released: collect them, and shred them before everybody.`, 'alarm')
  if (kept) say(`${kept}.`, 'alarm')
  if (stuck.length > 0) say(`Files of sheets could not be removed; remove them by hand: ${stuck.join(', ')}`, 'alarm')
  say(`Keep the transcript with the printed script: ${unfinished}`)
  // Last: a disk that takes nothing must not keep people from being told. One that is closed has its last line.
  if (!transcript.conduct.closed) transcript.add({ type: 'abandoned', number: nextStep(transcript.conduct)?.number ?? null, reason: error instanceof GlasskeyError ? asRemark(`${error.code}: ${error.message}`) : 'a fault of glasskey' })
}

function removed(path: string): boolean {
  try {
    removeFile(path)
    return true
  } catch (error) {
    if (error instanceof GlasskeyError) return false
    throw error
  }
}

function tellDigest(sha256: string): void {
  say('')
  say('The transcript is closed. Its SHA-256, to be written on every copy of the script:', 'strong')
  say(`      ${sha256}`)
  for (const line of linesOfWords(sha256)) say(`      ${line}`)
}

function demandsIn({ custody, earlier, first }: Plan): Demand[] {
  const before = earlier?.generations.at(-1)
  return demandsOf([...(before ? [{ generation: before.manifest.generation, signers: before.rules.signers }] : []), { generation: first, signers: custody.rules.signers }])
}

/** Manifests are signed by those whom their own rules name, and by those whom the rules before them sealed. */
function toSign(transcript: string, made: readonly MadeGeneration[], { custody, earlier }: Plan): Parameters<typeof gatherSignatures>[1] {
  const sealed = earlier?.generations.flatMap(({ rules }) => rules.signers.fingerprints) ?? []
  return { transcript, manifests: new Map(made.map(({ manifest }) => [manifest.generation, manifestFile(manifest)])), manifestSigners: [...new Set([...custody.rules.signers.fingerprints, ...sealed])] }
}

function namesOf({ conduct }: TranscriptWriter): Record<SigningRole, string> {
  const name = (role: SigningRole): string => conduct.people.find((one) => one.role === role)?.name ?? role
  const [administrator, internal, external] = SIGNING_ROLES
  return { [administrator]: name(administrator), [internal]: name(internal), [external]: name(external) }
}

