/** An OCI configuration for the seeded people, as the SDKs and the CLI read it: `config`, keys, `tenancy.json`. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Json } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { PROFILES } from './seed.js'
import type { Simulator } from './simulator.js'

/** What `tenancy.json` and the first line on stdout say. */
export function describeSimulator(simulator: Simulator): { [name: string]: Json } {
  const { seed, endpoints } = simulator
  return {
    simulator: true,
    endpoints: { ...endpoints },
    homeRegion: seed.homeRegion,
    domainUrl: simulator.domainUrl,
    tenancy: seed.tenancy,
    users: { ...seed.users },
    groups: { ...seed.groups },
    compartments: { ...seed.compartments },
    domain: seed.domain,
    databases: { ...seed.databases },
    secrets: { ...seed.secrets },
  }
}

/** Only a directory that a simulator wrote may be written again. */
function requireOurs(directory: string): void {
  if (!existsSync(join(directory, 'config'))) return
  const marker = join(directory, 'tenancy.json')
  const ours = existsSync(marker) && /"simulator":\s*true/.test(readFileSync(marker, 'utf8'))
  if (ours) return
  const message = `${directory} holds a configuration that no simulator wrote; it is left alone.`
  throw new GlasskeyError('OUTPUT_EXISTS', message, 'Give --write-config another directory.')
}

function writePrivate(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
  // The mode above counts for new files only.
  chmodSync(file, 0o600)
}

/**
 * Writes `config` (profiles BOOTSTRAP, OPERATOR, AUDITOR, REMOVER), one PEM per profile with the OCI_API_KEY line at its end,
 * `tenancy.json`, and `ca.pem` when the simulator speaks TLS.
 *
 * @throws GlasskeyError OUTPUT_EXISTS when the directory holds somebody else's configuration
 */
export function writeConfig(directory: string, simulator: Simulator): void {
  const home = resolve(directory)
  requireOurs(home)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const sections: string[] = []
  for (const profile of PROFILES) {
    const person = simulator.people[profile]
    const keyFile = join(home, `${profile.toLowerCase()}.pem`)
    writePrivate(keyFile, `${person.privateKeyPem.trimEnd()}\nOCI_API_KEY\n`)
    const settings = { user: person.userId, fingerprint: person.fingerprint, tenancy: simulator.seed.tenancy, region: simulator.seed.homeRegion, key_file: keyFile }
    sections.push([`[${profile}]`, ...Object.entries(settings).map(([setting, value]) => `${setting}=${value}`)].join('\n'))
  }
  writePrivate(join(home, 'config'), `${sections.join('\n\n')}\n`)
  writePrivate(join(home, 'tenancy.json'), `${JSON.stringify(describeSimulator(simulator), null, 2)}\n`)
  if (simulator.caPem !== null) writePrivate(join(home, 'ca.pem'), simulator.caPem)
}
