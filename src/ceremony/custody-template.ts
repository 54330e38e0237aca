/** The commented custody.yaml that `glasskey init` writes. Its example in `ceremony/` is made by the same lines. */

import { NOT_YET } from '../custody/custody-yaml.js'

/** What has to be known to write one; everything else begins as a sensible rule that people then edit. */
export interface CustodyAnswers {
  team: string
  contact: string
  tenancy: string
  user: string
  realm: string
  homeRegion: string
  regions: string[]
  threshold: number
  custodians: string[]
  /** Copies of each share, with different people or in different places. */
  copies: number
  generations: number
  keySize: number
  paper: 'A4' | 'Letter'
  /** How long one release may open a database, at most. */
  maximumHours: number
}

/** YAML 1.2 text. Strings are written as JSON strings, which are YAML. */
export function custodyYaml(answers: CustodyAnswers): string {
  const q = (text: string): string => JSON.stringify(text)
  const list = (items: readonly string[]): string => `[${items.join(', ')}]`
  const copies = (custodian: number): string =>
    Array.from({ length: answers.copies }, (_, at) => `      - copy: ${at + 1}\n        holder: ${q(at === 0 ? (answers.custodians[custodian] ?? '') : NOT_YET.name)}\n        phone: ${q(NOT_YET.other)}\n        place: ${q(NOT_YET.other)}\n        bag: null\n`).join('')
  return `# custody.yaml: who keeps the key, and what it may be used for.
# Every setting is explained here. Unknown settings are refused, with line and column.
format: 1

# The team that owns this custody, and whom a custodian calls. Printed on every sheet.
owner:
  team: ${q(answers.team)}
  contact: ${q(answers.contact)}

# The tenancy, and the one user whose API key this is: the Cloud Account Administrator.
tenancy: ${answers.tenancy}
user: ${answers.user}
realm: ${answers.realm}

# IAM writes go to the home region. A used key must be proved dead in every subscribed region: list them all.
homeRegion: ${answers.homeRegion}
regions: ${list(answers.regions)}

# So many custodians together make a quorum. One fewer learn nothing at all.
threshold: ${answers.threshold}

# One share for each custodian, so many copies of it. Names are printed (Latin, Greek or Cyrillic letters).
# holder, phone, place and bag are contacts: edit them whenever they change; nothing seals them. They say where every
# sheet lies: keep this file, and the folder with it, confidential.
# openpgpKey (optional): file beside this one with the custodian's OpenPGP public key (RSA or Curve25519; gpg --armor --export).
# Their sheets then carry the share sealed to it: useless without that card or key. Such as custodians/ada.asc; copied with this file.
custodians:
${answers.custodians.map((name, at) => `  - number: ${at + 1}\n    name: ${q(name)}\n    copies:\n${copies(at)}`).join('')}
# A generation is the life of one key. The first ceremony makes so many (takeover, in use, two successors);
# later ones top up to two waiting. Each release and each drill uses one up. Up to 8, at the first ceremony only:
# 8 are enough for four quarterly drills before the next ceremony is due; 4 for none.
generations: ${answers.generations}

# RSA bits: 4096, 3072 or 2048.
keySize: ${answers.keySize}

# A4 or Letter.
paper: ${answers.paper}

# A real drill (break rotate --drill) is due after so many days. It costs a key, as a release does.
drillEveryDays: 91

# Each bag is looked at, unopened and before a witness, after so many days (logbook add inspected).
inspectEveryDays: 182

# The rules are sealed into every generation at the ceremony. What is not permitted here, no warrant can permit.
rules:
  # When the glass may be broken, and for which actions. Outside this list no warrant exists.
  useCases:
    - id: access-control-failure
      title: The identity provider or multi-factor authentication has failed, or a policy has locked everybody out
      actions: [rotate, saas-admin]
    - id: restricted-data
      title: Operations must enter a customer's database with the customer's consent
      actions: [rotate, saas-admin]
    - id: drill
      title: The quarterly drill
      actions: [rotate]
  warrant:
    defaultMinutes: 30
    maximumMinutes: 60
    maximumCalls: 12
  # SAAS_ADMIN of an Autonomous Database: at most so many hours (OCI ends it by itself), with this access,
  # on these databases (a list of OCIDs, or any).
  saasAdmin:
    maximumHours: ${answers.maximumHours}
    access: [read-only, read-write]
    databases: any
  # Regions in which an action may work.
  regions: ${list(answers.regions)}
  # After the deletion the used key is tried every intervalSeconds until three refusals in a row in every region,
  # and once more confirmAfterSeconds later. (A rehearsal has a short schedule of its own.)
  probes:
    intervalSeconds: 10
    confirmAfterSeconds: 120
    giveUpAfterMinutes: 15
  # OpenPGP fingerprints of those who sign manifests, and how many signatures a later ceremony's keys need.
  signers:
    fingerprints: []
    needed: 0
`
}
