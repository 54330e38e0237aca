/** `glasskey recover`: the private key from sheets alone. The end of this key's custody, so a sentence is typed first. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { openSheets, readForRecovery } from '../ceremony/recover.js'
import { hexToWords, sameWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { readBytes, requireNew, writeNew } from '../host/disk.js'
import { lookForNetwork } from '../host/air-gap.js'
import { requireOwnCode } from '../host/environment.js'
import { prepareCamera } from '../host/camera.js'
import { probeIsolation, withoutCoreFile } from '../host/isolation.js'
import { ask, isInteractive, say, whereToAsk } from '../host/terminal.js'
import { shareFilesOf, sheetsOf } from './flags.js'
import { custodianKeysOf, keyFlags, type KeyArguments } from './key-flags.js'
import type { Outcome } from './outcome.js'

interface Arguments extends KeyArguments {
  scan: string[]
  browser: string | undefined
  shareFile: string[]
  envelope: string | undefined
  out: string | undefined
  yes: boolean
}

const SENTENCE = 'I end the custody of this key'
/** Where there is a network. A recovery is the last resort, and not to be kept from people who have no other machine. */
const NETWORK_SENTENCE = 'I show this key to a machine with a network'

export const builder = (flags: Argv): Argv =>
  keyFlags(flags)
    .usage('$0 recover [--scan FILE...] [--out FILE]\n\nWithout any cloud, on a machine without a network: k sheets give the private key back. Whoever sees it can do\neverything. What is not scanned is typed, group by group.')
    .option('scan', { type: 'string', array: true, default: [], describe: 'scans or offline photographs of sheets (PDF, PNG, JPEG), or: camera' })
    .option('browser', { type: 'string', describe: 'of the camera: any, or a program (default: Chromium in a room without network)' })
    .option('share-file', { type: 'string', array: true, nargs: 1, default: [], describe: 'typed share texts, a line or rows each; - is standard input' })
    .option('envelope', { type: 'string', describe: 'envelope.pgp, if page 2 of the sheets is not scanned' })
    .option('out', { type: 'string', describe: 'file for the key, mode 0600 (default: standard output)' })
    .option('yes', { type: 'boolean', default: false, describe: 'rehearsal sheets only: do not ask for the sentence' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  if (args.scan.length + args.shareFile.length === 0 && !isInteractive()) throw new GlasskeyError('USAGE', 'which sheets?', whereToAsk('glasskey recover --scan FILE...'))
  requireOwnCode(process.env)
  withoutCoreFile()
  const out = args.out === undefined ? null : resolve(args.out)
  if (out !== null) requireNew(out)
  const envelope = args.envelope === undefined ? null : readBytes(resolve(args.envelope), 'the envelope')
  const { scans, camera } = sheetsOf(args)
  const isolation = probeIsolation()
  const { ways } = lookForNetwork()
  // Before a sheet is read: what was typed here, a program that waits for it may have kept. Without a terminal no real key is shown.
  if (ways.length > 0 && isInteractive()) say(`THIS MACHINE HAS A NETWORK: ${ways.join('; ')}. Real sheets: end this with Ctrl-C, unplug it, switch radios off, and begin again.`, 'alarm')
  const sources = { scans, shareFiles: shareFilesOf(args), camera: camera && prepareCamera(camera.browser, isolation, process.env), keys: custodianKeysOf(args) }
  if (envelope === null && args.scan.length === 0) say('Page 2 of a sheet is needed as well: --scan, --envelope FILE, or a scanner that types.')
  const read = await readForRecovery(sources, envelope === null, isolation)
  const { header, pem } = await openSheets(read, envelope)
  say(`GENERATION ${header.generation}, key id ${header.keyId} (${hexToWords(header.keyId)}), user ${header.user}${header.rehearsal ? ' (REHEARSAL)' : ''}.`)
  if (!(args.yes && header.rehearsal)) {
    if (args.yes && !isInteractive()) throw new GlasskeyError('REHEARSAL_MISMATCH', '--yes is for rehearsal sheets only', `Type the sentence, at a terminal: ${SENTENCE}`)
    if (args.yes) say('--yes is for rehearsal sheets only, and these are real.', 'alarm')
    await askForSentence(SENTENCE, 'This ends the custody: the key must be rotated afterwards.')
    // Once more: it may have been unplugged by now.
    const still = header.rehearsal ? [] : lookForNetwork().ways
    if (still.length > 0) await askForSentence(NETWORK_SENTENCE, `This machine still has a network: ${still.join('; ')}. Unplug it now; or take the key for known to others, and rotate it at once.`)
  }
  const text = Buffer.concat([pem, Buffer.from('OCI_API_KEY\n')])
  const { keyId, generation, rehearsal, tenancy, user, homeRegion, fingerprint } = header
  const names = { keyId, generation, rehearsal, tenancy, user, homeRegion, fingerprint }
  if (out === null) return { json: { ...names, out: null, privateKeyPem: text.toString() }, text: text.toString() }
  writeNew(out, text, 0o600)
  return { json: { ...names, out, privateKeyPem: null }, text: `The key is in ${out}.` }
}

/** Asked again after a slip: the sheets were read by then, and some of them typed. Throws CONSENT_REFUSED. */
async function askForSentence(sentence: string, why: string): Promise<void> {
  for (let question = why; ; question = 'That is not the sentence. Enter alone stops, and no key is shown.') {
    const answer = await ask(`${question} Type: ${sentence}\n>`, '--yes with rehearsal sheets')
    if (sameWords(answer, sentence)) return
    if (answer === '') throw new GlasskeyError('CONSENT_REFUSED', 'the sentence was not typed; no key was shown', '')
  }
}
