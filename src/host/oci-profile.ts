/** Profiles of `~/.oci/config`: the bootstrap, reader and auditor logins. Their keys stay on the desk, never with the clerk. */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { parse } from 'ini'
import { z } from 'zod'
import { explain } from '../custody/explain.js'
import { fingerprint, region, tenancyOcid, userOcid, visibleOnly } from '../custody/fields.js'
import { fingerprintOf, spkiOf } from '../custody/key.js'
import { GlasskeyError } from '../errors.js'
import type { Signer } from '../wire/signature.js'
import { readText } from './disk.js'

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
  const path = file ?? join(homedir(), '.oci', 'config')
  const invalid = (what: string, cause?: unknown): GlasskeyError =>
    new GlasskeyError('OCI_CONFIG_INVALID', `${path}, profile ${name}: ${what}`, 'See "SDK and CLI Configuration File" in the OCI documentation.', { cause })
  const text = readText(path, 'the OCI configuration file')
  checkPlain(text, name, invalid)
  const sections = parse(text) as Record<string, unknown>
  const section = Object.hasOwn(sections, name) ? sections[name] : undefined
  if (typeof section !== 'object' || section === null) throw invalid('is not there')
  const defaults = typeof sections['DEFAULT'] === 'object' ? sections['DEFAULT'] : {}
  const parsed = profileSchema.safeParse({ ...defaults, ...section })
  if (!parsed.success) throw invalid(explain(parsed.error))
  const { tenancy, user, key_file: keyFile, pass_phrase: passphrase } = parsed.data
  const keyPath = place(keyFile, path)
  let key: KeyObject
  try {
    key = createPrivateKey({ key: readText(keyPath, 'the private key'), ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    if (error instanceof GlasskeyError) throw error
    throw invalid(`key_file ${keyPath} is not a private key that opens`, error)
  }
  if (fingerprintOf(spkiOf(key)) !== parsed.data.fingerprint) throw invalid('fingerprint is not that of key_file')
  return { name, tenancy, user, fingerprint: parsed.data.fingerprint, region: parsed.data.region, keyFile: keyPath, signer: signerFor(tenancy, user, key) }
}

/** What a file shows is what it says: no line end that editors hide, and one section of a name. */
function checkPlain(text: string, name: string, invalid: (what: string) => GlasskeyError): void {
  if (text.length > MAXIMUM_CHARACTERS) throw invalid('the file is over 256 KiB; this is no configuration')
  const lines = text.split(/\r?\n/)
  const hidden = lines.findIndex((line) => visibleOnly(line.replaceAll('\t', '')) !== line.replaceAll('\t', ''))
  if (hidden >= 0) throw invalid(`line ${hidden + 1} has characters that cannot be seen`)
  if (lines.filter((line) => sectionName(line) === name).length > 1) throw invalid('is there twice')
}

/** Name of the section that a line begins, as the parser reads it: without blanks and quotes. */
function sectionName(line: string): string | undefined {
  return /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1]?.replace(/^[\s"']+|[\s"']+$/g, '')
}

/** Signs as this user with this key. */
export function signerFor(tenancy: string, user: string, key: KeyObject): Signer {
  return { keyId: `${tenancy}/${user}/${fingerprintOf(spkiOf(key))}`, sign: (data) => new Uint8Array(sign('RSA-SHA256', data, key)) }
}

function place(keyFile: string, config: string): string {
  if (keyFile.startsWith('~')) return join(homedir(), keyFile.slice(1))
  if (isAbsolute(keyFile)) return keyFile
  const beside = resolve(dirname(config), keyFile)
  return existsSync(beside) ? beside : resolve(keyFile)
}
