/** `glasskey share inspect`: one sheet alone, without a quorum and without learning anything secret; and the flags of `share send`. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { openSealed, readSheets } from '../ceremony/recover.js'
import { judgeSealed } from '../custody/sealed-share.js'
import { judgeShare, calledBy } from '../custody/share.js'
import { whyNot } from '../custody/generation.js'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { otherGenerations } from '../host/sealed-folder.js'
import { readTyped } from '../host/disk.js'
import { probeIsolation } from '../host/isolation.js'
import { sendFlags, sendHandler, type SendArguments } from './share-send.js'
import { custodianKeysOf, keyFlags, type KeyArguments } from './key-flags.js'
import type { Outcome } from './outcome.js'

interface Arguments extends KeyArguments, SendArguments {
  step: 'inspect' | 'send'
  scan: string[]
  shareFile: string[]
  custody: string | undefined
}

export const builder = (flags: Argv): Argv =>
  sendFlags(keyFlags(flags))
    .usage('$0 share <inspect|send> --scan FILE\n\ninspect: whether a sheet is whole, whose it is and of which generation; with --custody also\nwhether it is the promised one. Shows nothing secret.\nsend --warrant FILE --to KEY: releases a share to a machine elsewhere (break … --remote), for\none warrant, after the words were compared by telephone.')
    .positional('step', { choices: ['inspect', 'send'] as const })
    .option('scan', { type: 'string', array: true, default: [], describe: 'scan or photograph of the sheet' })
    .option('share-file', { type: 'string', array: true, nargs: 1, default: [], describe: 'typed share text' })
    .option('custody', { type: 'string', describe: 'inspect: custody folder to hold it against' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  if (args.step === 'send') return sendHandler(args)
  if (args.scan.length + args.shareFile.length === 0) throw new GlasskeyError('USAGE', 'which sheet?', 'glasskey share inspect --scan FILE')
  const typed = args.shareFile.flatMap((path) => readTyped(resolve(path), 'the share file').split('\n').filter((line) => line.trim() !== ''))
  const keys = custodianKeysOf(args)
  const read = await readSheets(args.scan.map((path) => resolve(path)), typed, probeIsolation())
  // A sealed sheet is judged as it is; it is opened only for whoever names the key.
  const { shares, parts, sealed } = Object.keys(keys.means).length > 0 ? await openSealed(read, keys) : read
  if (shares.length + sealed.length === 0 && parts.length > 0) throw new GlasskeyError('SCAN_UNREADABLE', `this is page 2: the envelope (${parts.length} parts), and no share`, 'Scan page 1 as well.')
  if (shares.length + sealed.length === 0) throw new GlasskeyError('SCAN_UNREADABLE', 'no share was read', 'Scan page 1 of the sheet again: flat, in focus, at 150 dpi or more.')
  const folder = args.custody === undefined ? null : readCustodyFolder(resolve(args.custody))
  const found = [...shares, ...sealed].map((share) => {
    const { rehearsal, keyId, custodian, threshold, shares: count } = share
    const manifest = folder?.generations.find((generation) => generation.manifest.keyId === keyId)?.manifest
    const expectation = folder && manifest ? { manifest, others: otherGenerations(folder, manifest.generation) } : null
    if (expectation && 'message' in share) judgeSealed(share, expectation)
    if (expectation && 'bytes' in share) judgeShare(share, expectation)
    const standing = folder?.standings.find(({ generation }) => generation === manifest?.generation)
    if ('bytes' in share) share.bytes.fill(0)
    return { rehearsal, keyId, custodian, threshold, shares: count, name: manifest ? calledBy(manifest, custodian) : null, generation: manifest?.generation ?? null, standing: standing ? whyNot(standing) : null, promised: manifest !== undefined, sealedTo: 'message' in share ? share.fingerprint : null }
  })
  const text = found
    .map((share) =>
      [
        `Whole${share.rehearsal ? ', a PRACTICE sheet' : ''}: share ${share.custodian} of ${share.shares} (${share.threshold} needed), key id ${share.keyId}.`,
        ...(share.sealedTo === null ? [] : [`Sealed to OpenPGP key ${share.sealedTo}, and not opened: --custodian-key ${share.custodian}=FILE, or ${share.custodian}=gpg, tries the key as well.`]),
        ...(share.promised ? [`It is the promised one of ${String(share.name)}, GENERATION ${String(share.generation)}; ${String(share.standing)}.`] : folder ? ['Its key is not in this custody folder.'] : []),
      ].join('\n'),
    )
    .join('\n')
  return { json: { shares: found, envelopeParts: parts.length }, text: `${text}\nEnvelope: ${parts.length} parts read.` }
}
