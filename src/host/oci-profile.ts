/** Profiles of `~/.oci/config`: the bootstrap, reader and auditor logins. Their keys stay on the desk, never with the clerk. */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { explain } from '../custody/explain.js'
import { fingerprint, region, tenancyOcid, userOcid, visibleOnly } from '../custody/fields.js'
import { fingerprintOf, spkiOf } from '../custody/key.js'
import { GlasskeyError } from '../errors.js'
import type { Signer } from '../wire/signature.js'
import { readText } from './disk.js'
import { inHome } from './home.js'

const profileSchema = z.object({ tenancy: tenancyOcid, user: userOcid, fingerprint, region, key_file: z.string().min(1), pass_phrase: z.string().optional() })

const MAXIMUM_CHARACTERS = 256 * 1024

/** A login. */
export interface Profile {
  name: string
  tenancy: string
  user: string
  fingerprint: string
  region: string
  keyFile: string
  signer: Signer
}

/** Reads a profile and its key. Throws OCI_CONFIG_INVALID naming file, profile and setting. */
export function readProfile(name: string, file: string | undefined): Profile {
  const path = file ?? inHome('.oci', 'config')
  if (path === null) throw new GlasskeyError('USAGE', 'nobody knows the home folder of this account, with its .oci/config', 'Set HOME, or name the file: --oci-config FILE')
  const invalid = (what: string, cause?: unknown): GlasskeyError =>
    new GlasskeyError('OCI_CONFIG_INVALID', `${path}, profile ${name}: ${what}`, 'See "SDK and CLI Configuration File" in the OCI documentation.', { cause })
  const sections = sectionsIn(readText(path, 'the OCI configuration file'), name, invalid)
  const section = sections.get(name)
  if (!section) throw invalid(`is not there${saidOthers([...sections.keys()])}`)
  const parsed = profileSchema.safeParse({ ...Object.fromEntries(sections.get('DEFAULT') ?? []), ...Object.fromEntries(section) })
  if (!parsed.success) throw invalid(`${explain(parsed.error)}${section.has('security_token_file') ? '; it signs in with a session token (security_token_file), and glasskey with an API key' : ''}`)
  const { tenancy, user, key_file: keyFile, pass_phrase: passphrase } = parsed.data
  const keyPath = place(keyFile, path)
  const pem = readText(keyPath, 'the private key')
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    throw invalid(`key_file ${keyPath} ${whyNotOpened(pem, passphrase)}`, error)
  }
  if (fingerprintOf(spkiOf(key)) !== parsed.data.fingerprint) throw invalid('fingerprint is not that of key_file')
  return { name, tenancy, user, fingerprint: parsed.data.fingerprint, region: parsed.data.region, keyFile: keyPath, signer: signerFor(tenancy, user, key) }
}

const MOST_NAMED = 12

function saidOthers(names: readonly string[]): string {
  if (names.length === 0) return ', and no other'
  return `; there are ${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ' and others' : ''}`
}

/** Encrypted keys say so in their PEM (PKCS #8 in its label, RFC 7468; PKCS #1 in a header, RFC 1421). */
function whyNotOpened(pem: string, passphrase: string | undefined): string {
  if (!/^(-----BEGIN ENCRYPTED |Proc-Type: 4,ENCRYPTED)/m.test(pem)) return 'is not a private key that opens'
  return passphrase === undefined ? 'is encrypted, and the profile has no pass_phrase' : 'is encrypted, and does not open with the pass_phrase of the profile'
}

/**
 * The sections of a file. What OCI's own tools take is taken as they do (oci-common 2.139.1, lib/config-file-reader.js): a name is all
 * that stands in the brackets, a value all that follows the first `=`, a comment a line of its own. What the file shows is what it says: no line end that
 * editors hide, one section of this name, one value of a setting in it.
 */
function sectionsIn(text: string, name: string, invalid: (what: string) => GlasskeyError): ReadonlyMap<string, ReadonlyMap<string, string>> {
  if (text.length > MAXIMUM_CHARACTERS) throw invalid('the file is over 256 KiB; this is no configuration')
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  let own = false
  for (const [at, whole] of text.split(/\r?\n/).entries()) {
    const shown = whole.replaceAll('\t', ' ')
    if (visibleOnly(shown) !== shown) throw invalid(`line ${at + 1} has characters that cannot be seen`)
    const line = shown.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const title = /^\[(.*)\]$/.exec(line)?.[1]?.trim()
    if (title !== undefined) {
      own = title === name
      if (own && sections.has(name)) throw invalid('is there twice')
      section = sections.get(title) ?? new Map<string, string>()
      sections.set(title, section)
      continue
    }
    const equals = line.indexOf('=')
    const setting = line.slice(0, Math.max(equals, 0)).trim()
    // What is wrong in the sections of others is theirs.
    if (own && setting === '') throw invalid(`line ${at + 1} is neither a comment nor "setting=value"`)
    if (own && section?.has(setting) === true) throw invalid(`line ${at + 1} says ${setting} a second time`)
    section?.set(setting, line.slice(equals + 1).trim())
  }
  return sections
}

/** Signs as this user with this key. */
export function signerFor(tenancy: string, user: string, key: KeyObject): Signer {
  return { keyId: `${tenancy}/${user}/${fingerprintOf(spkiOf(key))}`, sign: (data) => new Uint8Array(sign('RSA-SHA256', data, key)) }
}

function place(keyFile: string, config: string): string {
  if (keyFile.startsWith('~')) return inHome(keyFile.slice(1)) ?? keyFile
  if (isAbsolute(keyFile)) return keyFile
  const beside = resolve(dirname(config), keyFile)
  return existsSync(beside) ? beside : resolve(keyFile)
}
