/** What the tool does at its places in the script: it looks, makes, proves, releases and counts. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Custody } from '../custody/custody-yaml.js'
import { line } from '../custody/fields.js'
import { manifestDigest } from '../custody/manifest.js'
import { rulesDigest } from '../custody/rules.js'
import { hexToWords, sameWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { lookForNetwork, requireAirGap } from '../host/air-gap.js'
import { wallClock } from '../host/clock.js'
import { foreignCode, requireOwnCode } from '../host/environment.js'
import { swapOnDisk } from '../host/swap.js'
import { say } from '../host/terminal.js'
import { ROLES, type Role } from '../record/transcript.js'
import { TOOL } from '../version.js'
import { makeGenerations, type MadeGeneration } from './generations.js'
import { FLAG } from './by-flag.js'
import { HandingOver, SCANS, wrongScans } from './handing-over.js'
import { sheetFolder, type SheetFolder } from './memory-folder.js'
import type { Finding } from './people.js'
import type { Doing, Performance } from './performance.js'
import type { Plan } from './planning.js'
import type { SheetSource } from './scan-again.js'
import { generationsInWords, type Step } from './script.js'
import { proveSealed, unfitKey, type ListedKey } from './sealing-keys.js'
import { sheetsOf, type Sheet } from './sheets.js'
import type { ToolStep } from './steps.js'

/** What the tool was told. */
export interface Told {
  plan: Plan
  /** OpenPGP keys that shares are sealed to, by custodian's number. */
  sealingKeys: ReadonlyMap<number, ListedKey>
  /** With what custodians prove that their sealed shares open. */
  keys: CustodianKeys
  rehearsal: boolean
  toolSha256: string
  sheets: string | undefined
  printer: string | undefined
  rescan: readonly string[]
  source: SheetSource
  keepSheets: boolean
  /** Draws what a ceremony leaves on paper beside the sheets, and throws it away. Throws TEMPLATE_INVALID. */
  tryPapers: (making: Making) => Promise<void>
  /** Names that flags gave. */
  roles: Partial<Record<Role, string>>
}

/** What the tool has made so far. Everything but `made` and `sheets` is public. */
export interface Making {
  made: MadeGeneration[]
  sheets: Sheet[]
  folder: SheetFolder | null
  handing: HandingOver | null
  /** Facts of the machine, for the record. */
  machine: { fact: string; found: string }[]
}

/** The tool's part of every step that has one. */
export function toolSteps(performance: Performance, told: Told, making: Making): Record<ToolStep, Doing> {
  const { plan, rehearsal } = told
  const { custody } = plan
  const { people } = performance
  const fact = (name: string, found: string): void => {
    making.machine = [...making.machine.filter((one) => one.fact !== name), { fact: name, found }]
  }
  const handing = (): HandingOver => {
    if (!making.handing) throw new GlasskeyError('STEP_OUT_OF_ORDER', 'no sheet was drawn yet')
    return making.handing
  }
  const folder = (): SheetFolder => (making.folder ??= sheetFolder(told.sheets))
  const makeKeys = async (step: Step): Promise<void> => {
    const { first, count, previousManifestSha256 } = plan
    const keys = `${count} ${count === 1 ? 'key' : 'keys'} of ${custody.keySize} bits`
    await people.enter(`makes ${keys}`)
    await performance.require(step, () => ownCode(rehearsal))
    await performance.require(step, () => network(rehearsal))
    say(`Making ${keys} …`)
    making.made = await makeGenerations({
      custody,
      rehearsal,
      first,
      count,
      previousManifestSha256,
      sealingKeys: told.sealingKeys,
      // By the clock that people have compared.
      now: wallClock(),
      onMade: (generation) => {
        say(`GENERATION ${generation}: sealed, split ${custody.threshold} of ${custody.custodians.length}, every quorum proved.`)
      },
    })
    for (const { manifest } of making.made) {
      const { generation, keyId, spkiSha256, fingerprint, envelopeSha256 } = manifest
      await performance.add({ type: 'made', generation, keyId, spkiSha256, fingerprint, manifestSha256: manifestDigest(manifest), envelopeSha256 })
    }
  }
  return {
    'room.people': () => namePeople(performance, custody, told.roles),
    'room.script': async () => {
      const { codeName } = performance.script
      return people.ask({ text: 'Code name, as read from the cover', flag: '--rehearsal --yes', initial: people.conduct === 'dialogue' ? null : codeName, check: (typed) => (sameWords(typed, codeName) || performance.excepted() ? null : `This is the script "${codeName}". Another cover, or another custody.yaml: compare them; or type d.`) })
    },
    'machine.code': async (step) => {
      await people.enter('both are as on the cover')
      await performance.require(step, () => ownCode(rehearsal))
      fact('Node', process.version)
      return told.toolSha256
    },
    'machine.network': async (step) => {
      await people.enter('looks for a network')
      const found = await performance.require(step, () => network(rehearsal))
      fact('Network', found)
      return found
    },
    'machine.clock': async (step) => {
      const differs = await people.ask({ text: `The tool's clock says ${wallClock().toISOString().slice(11, 19)} UTC; the one in the room differs by so many seconds`, flag: '--rehearsal --yes', initial: null, check: (typed) => (/^[+-]?[0-5]?\d( |$)/.test(typed) || typed === FLAG || performance.excepted() ? null : 'Less than a minute, as a number of seconds: set the clock of the machine; or type d.') })
      await performance.require(step, async () => fitKeys(await unfitKey(told.sealingKeys, wallClock())))
      return differs
    },
    'machine.entropy': async () => {
      await people.enter('asks the kernel for random bytes')
      // getrandom(2) blocks until the pool is seeded; two equal answers would be no generator at all.
      if (randomBytes(32).equals(randomBytes(32))) throw new GlasskeyError('SET_NOT_PROVED', 'the kernel gave the same random bytes twice', 'Use another machine.')
      return 'seeded'
    },
    'machine.sheets': async (step) => {
      const found = await performance.require(step, () => inMemory(folder()))
      fact('Sheets', folder().fact)
      fact('Swap', await performance.require(step, () => noSwap(rehearsal)))
      await people.enter(`sheets will lie in ${folder().path}`)
      return found
    },
    'keys.make': async (step) => {
      // Called again after an aside: what was made stays as it is.
      if (making.made.length === 0) await makeKeys(step)
      await performance.require(step, async () => opened(await proveSealed(making.made, told.keys, people)))
      return 'every quorum proved'
    },
    'keys.read': async ({ generation }) => {
      const keyId = making.made.find(({ manifest }) => manifest.generation === generation)?.manifest.keyId ?? ''
      await people.enter(`read aloud and written down: ${keyId}, ${hexToWords(keyId)}`)
      return keyId
    },
    'keys.sheets': async () => {
      await people.enter('draws the sheets and reads them back')
      making.sheets = await drawSheets(making.made, told)
      // What is drawn at the end is tried now: no template may end a ceremony whose sheets are in their bags.
      await told.tryPapers(making)
      making.handing = new HandingOver({ ...told, custodians: custody.custodians, made: making.made, sheets: making.sheets, folder: folder() })
      return `${making.sheets.length} sheets, every page read back`
    },
    'hand.release': ({ custodian }) => handing().release(performance, custodian ?? 0),
    'hand.scan': (step) => handing().scan(performance, step),
    'hand.bag': ({ custodian }) => handing().bag(performance, custodian ?? 0),
    'seal.scanned': (step) => scannedEnough(performance, step, handing()),
    'seal.cleared': async (step) => {
      await people.enter('removes what is left of the sheets\' files')
      return performance.require(step, async () => cleared(handing(), told.keepSheets, folder(), await handing().forgetPrinted()))
    },
    'close.bags': () => count(performance, 'Sealed bags on the table', performance.transcript.conduct.bagged.length),
    'close.exceptions': async () => {
      for (const { exception, number, happened, decision, decidedBy } of performance.transcript.conduct.exceptions) {
        if (people.conduct === 'dialogue') say(`      ${exception}. At step ${number}: ${happened}. Decided: ${decision} (${decidedBy}).`)
      }
      return count(performance, 'Exceptions', performance.transcript.conduct.exceptions.length)
    },
    'close.transcript': async () => {
      await people.enter('ends the transcript')
      return null
    },
  }
}

/** What people compare with the cover of their script, by step. */
export function shownAt(performance: Performance, { plan: { custody, first, count }, toolSha256 }: Told): Record<string, string[]> {
  return {
    // Whoever altered it would be called back at a release.
    'hand.check': [`To call back, as on the cover: ${custody.owner.contact}`],
    'room.script': linesOfWords(performance.script.sha256),
    'machine.code': [TOOL, toolSha256],
    'agreed.custody': [custody.tenancy, custody.user, `${custody.homeRegion}; ${generationsInWords(Array.from({ length: count }, (_, at) => first + at))}; ${custody.threshold} of ${custody.custodians.length}`],
    'agreed.rules': [rulesDigest(custody.rules)],
  }
}

/** A digest in words, eight a line, as it is read aloud. */
export function linesOfWords(sha256: string): string[] {
  const words = hexToWords(sha256).split(' ')
  return Array.from({ length: Math.ceil(words.length / 8) }, (_, at) => words.slice(at * 8, at * 8 + 8).join(' '))
}

async function namePeople(performance: Performance, custody: Custody, roles: Partial<Record<Role, string>>): Promise<null> {
  const { people, transcript } = performance
  const taken = (): { role: string; name: string }[] => transcript.conduct.people.map(({ role, name }) => ({ role, name }))
  for (const role of ROLES) {
    if (taken().some((one) => one.role === role)) continue
    const name = await people.ask({
      text: `Name of the ${role}`,
      flag: FLAGS[role],
      initial: roles[role] ?? null,
      check: (typed) => {
        const other = taken().find((one) => one.name === typed)
        return wrongName(typed) ?? (other ? `${typed} is ${other.role} already: one person has one part.` : null)
      },
    })
    await performance.add({ type: 'person', role, custodian: null, name, affiliation: people.conduct === 'dialogue' ? await people.ask({ text: '  whose people (company, department)', flag: '--rehearsal --yes', initial: custody.owner.team, check: wrongName }) : null })
  }
  for (const { number, name } of custody.custodians) {
    if (transcript.conduct.people.some(({ custodian }) => custodian === number)) continue
    const here = await people.ask({ text: `Custodian ${number} is here (or type who stands in)`, flag: '--rehearsal --yes', initial: name, check: (typed) => wrongName(typed === name ? name : `${typed}, for ${name}`) })
    await performance.add({ type: 'person', role: 'custodian', custodian: number, name: here === name ? name : `${here}, for ${name}`, affiliation: null })
  }
  await people.enter('documents were seen, and everybody has signed the table of roles')
  return null
}

/** What is wrong with a name, if it cannot stand in the transcript. */
function wrongName(typed: string): string | null {
  const parsed = line.safeParse(typed)
  return parsed.success ? null : `A name ${parsed.error.issues[0]?.message ?? 'is one line'}.`
}

/** Flags that give names. */
const FLAGS: Record<Role, string> = { administrator: '--administrator', operator: '--operator', 'internal witness': '--witness', 'external witness': '--witness' }

function ownCode(rehearsal: boolean): Finding {
  const found = foreignCode(process.env)
  const finding = { holds: rehearsal || found.length === 0, expected: 'an environment that brings no code into this process', found: found.length === 0 ? 'nothing' : `${found.join(', ')} set`, waivable: false }
  return { ...finding, refusal: refusalOf(() => (finding.holds ? null : requireOwnCode(process.env))) }
}

function network(rehearsal: boolean): Finding {
  const gap = lookForNetwork()
  const found = gap.ways.length === 0 ? `none (${gap.looked})` : gap.ways.join('; ')
  const holds = rehearsal || gap.ways.length === 0
  return { holds, expected: 'no interface with a carrier, no default route', found, waivable: false, refusal: refusalOf(() => (holds ? null : requireAirGap(gap))) }
}

/** What lies in memory goes to the disk with it. In a rehearsal it is only said. */
function noSwap(rehearsal: boolean): Finding {
  const swap = swapOnDisk()
  const found = swap.length === 0 ? 'none on a disk' : `memory may be swapped to ${swap.join(', ')}`
  const holds = rehearsal || swap.length === 0
  return { holds, expected: 'no swap on a disk, to which sheets and keys could go: swapoff -a ends it', found, waivable: true, refusal: new GlasskeyError('REFUSED', found, 'As root: swapoff -a') }
}

function inMemory(folder: SheetFolder): Finding {
  const found = folder.inMemory ? folder.fact : `sheets lie in ${folder.fact}`
  return { holds: folder.inMemory, expected: 'sheets lie in memory until they are printed', found, waivable: true, refusal: new GlasskeyError('REFUSED', found, 'Leave --sheets away.') }
}

async function scannedEnough(performance: Performance, step: Step, handing: HandingOver): Promise<string> {
  const { people } = performance
  await people.enter('counts what came back from paper')
  for (let [missing] = handing.missing(performance); missing !== undefined; [missing] = handing.missing(performance)) {
    say(`      ${missing}.`, 'alarm')
    await handing.read(performance, await people.ask({ text: `Scan more of it (${SCANS})`, flag: '--rescan', initial: null, check: wrongScans }), null)
  }
  const { scanned } = performance.transcript.conduct
  const drawn = scanned.some(({ from }) => from === 'drawn pages')
  const found = drawn ? 'the drawn pages were read back, and no paper' : 'read again from paper, as they were made'
  return performance.require(step, () => ({ holds: !drawn, expected: 'sheets of at least the threshold of custodians are read again from paper', found, waivable: true, refusal: new GlasskeyError('SET_NOT_SEALED', found, 'Scan them.') }))
}

/** `printed`: what is wrong with the print queue; null: nothing of a sheet is in it. */
function cleared(handing: HandingOver, keep: boolean, folder: SheetFolder, printed: string | null): Finding {
  const left = handing.files().filter((path) => existsSync(path))
  const files = left.length === 0 ? 'no file of a sheet is left' : `${left.length} files of sheets stay in ${folder.inMemory ? 'memory' : 'a folder on a disk'}, for practice`
  const found = printed === null ? files : `${files}; ${printed}`
  // What CUPS keeps, people can decide about; files of ours they cannot, but in practice.
  return { holds: left.length === 0 && printed === null, expected: 'no file of a sheet is left', found, waivable: keep || left.length === 0, refusal: new GlasskeyError('REFUSED', found, 'Remove them.') }
}

async function count(performance: Performance, text: string, counted: number): Promise<string> {
  return performance.people.ask({ text, flag: '--rehearsal --yes', initial: performance.people.conduct === 'dialogue' ? null : String(counted), check: (typed) => (typed === String(counted) || performance.excepted() ? null : `The transcript has ${counted}. Count again; or type d.`) })
}

async function drawSheets(made: readonly MadeGeneration[], { plan: { custody }, sealingKeys }: Told): Promise<Sheet[]> {
  const sheets: Sheet[] = []
  const total = made.length * custody.custodians.reduce((sum, { copies }) => sum + copies.length, 0)
  for (const generation of made) {
    for await (const sheet of sheetsOf(generation, custody, sealingKeys)) {
      sheets.push(sheet)
      if (sheets.length % 6 === 0 || sheets.length === total) say(`Sheets drawn and read back: ${sheets.length} of ${total}.`)
    }
  }
  return sheets
}

/** Each sealed share was opened by its custodian. What was not cannot be made up for later: it is decided by name. */
function opened(unproved: readonly string[]): Finding {
  const found = unproved.length === 0 ? 'each key opens what was sealed to it' : unproved.join('; ')
  return { holds: unproved.length === 0, expected: 'each sealed share is opened by its custodian, and is what was sealed', found, waivable: true, refusal: new GlasskeyError('SET_NOT_PROVED', found, 'Bring card or key.') }
}

function fitKeys(unfit: GlasskeyError | null): Finding {
  const found = unfit === null ? 'each is' : `${unfit.message}. If the clock of this machine is wrong, set it`
  return { holds: unfit === null, expected: 'each OpenPGP key that a share is sealed to is valid by the clock of this machine', found, waivable: false, refusal: refusalOf(() => { if (unfit) throw unfit }) }
}

/** The error of a requirement, without its being thrown yet. */
function refusalOf(requirement: () => unknown): GlasskeyError {
  try {
    requirement()
  } catch (error) {
    if (error instanceof GlasskeyError) return error
    throw error
  }
  return new GlasskeyError('REFUSED', 'nothing is missing')
}

