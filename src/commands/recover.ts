/** `glasskey recover`: the private key from sheets alone. The end of this key's custody, so a sentence is typed first. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { openSealed, openSheets, readSheets } from '../ceremony/recover.js'
import { GlasskeyError } from '../errors.js'
import { readBytes, readTyped, writeNew } from '../host/disk.js'
import { requireOwnCode } from '../host/environment.js'
import { probeIsolation } from '../host/isolation.js'
import { ask, say } from '../host/terminal.js'
import { custodianKeysOf, keyFlags, type KeyArguments } from './key-flags.js'
import type { Outcome } from './outcome.js'

interface Arguments extends KeyArguments {
  scan: string[]
  shareFile: string[]
  envelope: string | undefined
  out: string | undefined
  yes: boolean
}

const SENTENCE = 'I end the custody of this key'

export const builder = (flags: Argv): Argv =>
  keyFlags(flags)
    .usage('$0 recover --scan FILE... [--out FILE]\n\nOffline and without any cloud: k sheets give the private key back. Whoever sees it can do everything.')
    .option('scan', { type: 'string', array: true, default: [], describe: 'scans or photographs of sheets (PDF, PNG, JPEG)' })
    .option('share-file', { type: 'string', array: true, nargs: 1, default: [], describe: 'typed share texts, one a line' })
    .option('envelope', { type: 'string', describe: 'envelope.pgp, if page 2 of the sheets is not scanned' })
    .option('out', { type: 'string', describe: 'file for the key, mode 0600 (default: standard output)' })
    .option('yes', { type: 'boolean', default: false, describe: 'rehearsal sheets only: do not ask for the sentence' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  if (args.scan.length + args.shareFile.length === 0) throw new GlasskeyError('USAGE', 'which sheets?', 'glasskey recover --scan FILE...')
  requireOwnCode(process.env)
  const typed = args.shareFile.flatMap((path) => readTyped(resolve(path), 'the share file').split('\n').filter((line) => line.trim() !== ''))
  const read = await openSealed(await readSheets(args.scan.map((path) => resolve(path)), typed, probeIsolation()), custodianKeysOf(args))
  const envelope = args.envelope === undefined ? null : readBytes(resolve(args.envelope), 'the envelope')
  const { header, pem } = await openSheets(read, envelope)
  say(`GENERATION ${header.generation}, key id ${header.keyId}, user ${header.user}${header.rehearsal ? ' (REHEARSAL)' : ''}.`)
  if (!(args.yes && header.rehearsal)) {
    if (args.yes) throw new GlasskeyError('REHEARSAL_MISMATCH', '--yes is for rehearsal sheets only', `Type the sentence: ${SENTENCE}`)
    const answer = await ask(`This ends the custody: the key must be rotated afterwards. Type: ${SENTENCE}\n>`, '--yes with rehearsal sheets')
    if (answer !== SENTENCE) throw new GlasskeyError('CONSENT_REFUSED', 'the sentence was not typed; no key was shown', '')
  }
  const text = Buffer.concat([pem, Buffer.from('OCI_API_KEY\n')])
  const { keyId, generation, rehearsal, tenancy, user, homeRegion, fingerprint } = header
  const names = { keyId, generation, rehearsal, tenancy, user, homeRegion, fingerprint }
  if (args.out === undefined) return { json: { ...names, out: null, privateKeyPem: text.toString() }, text: text.toString() }
  const out = resolve(args.out)
  writeNew(out, text, 0o600)
  return { json: { ...names, out, privateKeyPem: null }, text: `The key is in ${out}.` }
}
