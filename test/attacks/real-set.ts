/**
 * A real set (not a rehearsal), made in this process because a ceremony refuses a machine with a network, with the record
 * of a takeover that rotated GENERATION 1 away: GENERATION 2 is in use. Its tenancy is nobody's.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { writeGeneration } from '../../src/ceremony/folder-files.js'
import { makeGenerations } from '../../src/ceremony/generations.js'
import { drawUpWarrant, openSession } from '../../src/breakglass/open-session.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { manifestDigest, type Manifest } from '../../src/custody/manifest.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { LineFile } from '../../src/host/line-file.js'
import { generationNumber, places } from '../../src/host/sealed-folder.js'
import { readJournal, type JournalEntry, type JournalLine } from '../../src/record/journal.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../../src/record/logbook.js'
import { warrantDigest } from '../../src/warrant/warrant.js'
import { sealByTranscript } from '../stage/transcript-for.js'

/** The set, and what its custodians hold. */
export interface RealSet {
  custody: string
  directory: string
  manifest: (generation: number) => Manifest
  /** Texts of the sheets of a generation, by custodian. */
  shareTexts: (generation: number) => string[]
  end: () => void
}

const OPERATOR = 'ocid1.user.oc1..aaaaaaaaoperator'

/** 2 of 3 custodians, four generations of 2048 bits. */
export async function realSet(): Promise<RealSet> {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-real-set-'))
  const path = join(directory, 'custody')
  const text = custodyYaml({ team: 'Team', contact: 'Desk', tenancy: 'ocid1.tenancy.oc1..aaaaaaaanobody', user: 'ocid1.user.oc1..aaaaaaaanobody', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'], threshold: 2, custodians: ['Ada', 'Grace', 'Katherine'], copies: 1, generations: 4, keySize: 2048, paper: 'A4', maximumHours: 4 })
  const custody = parseCustodyYaml(text)
  const unsealed = await makeGenerations({ custody, rehearsal: false, first: 1, count: 4, previousManifestSha256: null, now: new Date(), onMade: () => undefined })
  mkdirSync(path)
  writeFileSync(places.custody(path), text)
  const made = sealByTranscript(path, unsealed)
  for (const generation of made) writeGeneration(path, generation, custody.rules)
  const logbook = LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(path), readLogbook, () => new Date())
  logbook.append({
    type: 'ceremony',
    format: 1,
    rehearsal: false,
    tenancy: custody.tenancy,
    user: custody.user,
    threshold: 2,
    custodians: 3,
    generations: made.map(({ manifest }) => ({ generation: manifest.generation, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, manifestSha256: manifestDigest(manifest) })),
    machine: ['Network: none'],
    exceptions: [],
    tool: 'glasskey test',
  })
  recordTakeover(path, logbook)
  return {
    custody: path,
    directory,
    manifest: (generation) => (made[generation - 1] as (typeof made)[number]).manifest,
    shareTexts: (generation) => (made[generation - 1] as (typeof made)[number]).shareTexts,
    end: () => {
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A takeover as its journal tells it, in as few lines as make GENERATION 2 the one in use. */
function recordTakeover(path: string, logbook: LineFile<LogbookEntry, NewLogbookEntry>): void {
  const folder = readCustodyFolder(path)
  const first = generationNumber(folder, 1)
  const request = { drill: false, operator: { name: 'Operator', user: OPERATOR }, incident: 'TAKEOVER', useCase: 'takeover', authorisedBy: 'Owner', reason: 'bootstrap', minutes: undefined, to: undefined, deferRotation: false, endpoints: {} }
  const warrant = drawUpWarrant(folder, first, { ...request, action: { name: 'takeover', domainUrl: 'https://idcs-0.identity.oraclecloud.com', domainUserId: '0a' } }, { namespaces: true, coreLimit: true, exceptions: [] }, new Date())
  openSession(folder, first, warrant)
  const journal = LineFile.open<JournalLine, JournalEntry>(places.journal(path, warrant.session), readJournal, () => new Date())
  const { keyId, spkiSha256, fingerprint } = first.manifest
  const successor = generationNumber(folder, 2).manifest
  journal.append({ type: 'key-live', keyId, spkiSha256 })
  journal.append({ type: 'action-ended', result: 'done', detail: 'done' })
  journal.append({ type: 'successor-active', generation: 2, keyId: successor.keyId, spkiSha256: successor.spkiSha256, fingerprint: successor.fingerprint })
  journal.append({ type: 'key-deleted', keyId, fingerprint })
  journal.append({ type: 'burned', keyId, reason: 'rotated', secondsLive: 1 })
  journal.append({ type: 'graded', keyId, grade: 'proved', why: 'told' })
  const { head } = journal.append({ type: 'closed', exitCode: 0 })
  logbook.append({
    type: 'session',
    session: warrant.session,
    action: 'takeover',
    rehearsal: false,
    drill: false,
    operator: 'Operator',
    incident: 'TAKEOVER',
    generation: 1,
    keyId,
    warrantSha256: warrantDigest(warrant),
    journalSha256: head.sha256,
    shares: [1, 2],
    actionResult: 'done',
    successor: { generation: 2, keyId: successor.keyId },
    grade: 'proved',
    secondsLive: 1,
    exitCode: 0,
  })
}
