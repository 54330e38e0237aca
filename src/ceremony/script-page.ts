/** `--print-script`: the script of the next ceremony on paper. */
import type { Custody } from '../custody/custody-yaml.js'
import { rulesDigest } from '../custody/rules.js'
import { hexToWords } from '../custody/words.js'
import { ownCodeDigest } from '../host/own-code.js'
import { drawCeremonyScript } from '../paper/ceremony-script.js'
import { ROLES } from '../record/transcript.js'
import { TOOL } from '../version.js'
import { generationsInWords, scriptFor, type Script, type ScriptFacts } from './script.js'

/** The script as PDF, and what stands on its cover. */
export async function drawScript(facts: ScriptFacts, now: Date): Promise<{ pdf: Uint8Array; script: Script }> {
  const script = scriptFor(facts)
  const { custody } = facts
  const pdf = await drawCeremonyScript(
    {
      rehearsal: facts.rehearsal,
      owner: custody.owner.team,
      contact: custody.owner.contact,
      codeName: script.codeName,
      version: script.version,
      sha256: script.sha256,
      words: hexToWords(script.sha256),
      tenancy: custody.tenancy,
      user: custody.user,
      homeRegion: custody.homeRegion,
      threshold: custody.threshold,
      shares: custody.custodians.length,
      keySize: custody.keySize,
      generations: generationsInWords(Array.from({ length: facts.count }, (_, at) => facts.first + at)),
      rulesSha256: rulesDigest(custody.rules),
      useCases: custody.rules.useCases.map(({ title, actions }) => `${title} (${actions.join(', ')})`).join('; '),
      maximumMinutes: custody.rules.warrant.maximumMinutes,
      maximumCalls: custody.rules.warrant.maximumCalls,
      signers: signersInWords(custody),
      previousManifestSha256: facts.previousManifestSha256,
      tool: TOOL,
      toolSha256: ownCodeDigest(),
      minutes: script.minutes,
      houseRules: script.houseRules,
      roles: [...ROLES.map((role) => ({ role: role.charAt(0).toUpperCase() + role.slice(1), name: null })), ...custody.custodians.map(({ number, name }) => ({ role: `Custodian ${number}`, name }))],
      acts: script.acts,
    },
    { paper: custody.paper },
    now.toISOString(),
  )
  return { pdf, script }
}

function signersInWords({ rules }: Custody): string {
  const { fingerprints, needed } = rules.signers
  return fingerprints.length === 0 ? 'none named' : `${needed} of ${fingerprints.join(', ')}`
}
