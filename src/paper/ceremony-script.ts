/** The script of a ceremony, with boxes and blanks: what people hold in their hands while it is conducted. */

import { documentKind, drawDocument, type Drawing } from './document.js'

/** What a printed script says. Digests lower-case hex. */
export interface CeremonyScriptContent {
  readonly rehearsal: boolean
  readonly owner: string
  /** Whom custodians call back: it stands on every sheet. */
  readonly contact: string
  readonly codeName: string
  readonly version: number
  readonly sha256: string
  readonly words: string
  readonly tenancy: string
  readonly user: string
  readonly homeRegion: string
  readonly threshold: number
  readonly shares: number
  readonly keySize: number
  /** "keys of GENERATION 1 to 4" */
  readonly generations: string
  readonly rulesSha256: string
  readonly useCases: string
  readonly maximumMinutes: number
  readonly maximumCalls: number
  readonly signers: string
  /** Null at the first ceremony. */
  readonly previousManifestSha256: string | null
  readonly tool: string
  readonly toolSha256: string
  /** Minutes that all steps take together. */
  readonly minutes: number
  readonly houseRules: readonly string[]
  /** Names are null where they are written in by hand. */
  readonly roles: readonly { readonly role: string, readonly name: string | null }[]
  readonly acts: readonly {
    readonly number: number, readonly title: string, readonly intro: string
    readonly steps: readonly {
      readonly number: string, readonly who: string, readonly minutes: number, readonly text: string
      readonly before: string | null, readonly record: string | null
    }[]
  }[]
}

const CEREMONY_SCRIPT = documentKind({
  template: 'ceremony-script',
  fields: {
    rehearsal: 'flag', owner: 'text', contact: 'text', codeName: 'text', version: 'text', sha256: 'text', sha256Start: 'text', words: 'text',
    tenancy: 'text', user: 'text', homeRegion: 'text', threshold: 'text', shares: 'text', keySize: 'text', generations: 'text',
    rulesSha256: 'text', useCases: 'text', maximumMinutes: 'text', maximumCalls: 'text', signers: 'text',
    previousManifestSha256: 'text', tool: 'text', toolSha256: 'text', duration: 'text',
    houseRules: [{ rule: 'text' }],
    roles: [{ role: 'text', name: 'text' }],
    acts: [{
      act: 'text', title: 'text', intro: 'text',
      steps: [{ number: 'text', who: 'text', minutes: 'text', text: 'text', before: 'text', record: 'text' }],
    }],
  },
  mustPrint: ['contact', 'codeName', 'version', 'sha256', 'words', 'tenancy', 'user', 'threshold', 'shares', 'generations', 'rulesSha256',
    'toolSha256', 'houseRules.rule', 'roles.role', 'acts.steps.number', 'acts.steps.text', 'acts.steps.before', 'acts.steps.record'],
  unprintable: 'refuse',
  say: { 'roles.name': 'name of a person' },
})

/**
 * @param created becomes the date of the PDF, ISO 8601 in UTC
 * @throws {GlasskeyError} TEMPLATE_INVALID, SCRIPT_UNSUPPORTED
 */
export async function drawCeremonyScript(content: CeremonyScriptContent, drawing: Drawing, created: string): Promise<Uint8Array> {
  const { acts, houseRules, minutes, ...same } = content
  return drawDocument(CEREMONY_SCRIPT, {
    ...same,
    sha256Start: `${content.sha256.slice(0, 16)}…`,
    duration: hours(minutes),
    houseRules: houseRules.map((rule) => ({ rule })),
    acts: acts.map(({ number, title, intro, steps }) => ({ act: number, title, intro, steps: steps.map((step) => ({ ...step, who: sentence(step.who) })) })),
  }, drawing, { marked: content.rehearsal, created })
}

/** `2 h 05 min` */
function hours(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
