/** `glasskey share inspect`: one sheet alone, without a quorum and without learning anything secret. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { readSheets, watchSheets } from '../ceremony/recover.js'
import { judgeShare, calledBy } from '../custody/share.js'
import { whyNot } from '../custody/generation.js'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { otherGenerations } from '../host/sealed-folder.js'
import { readTyped } from '../host/disk.js'
import { prepareCamera } from '../host/camera.js'
import { probeIsolation } from '../host/isolation.js'
import { sheetsOf } from './flags.js'
import type { Outcome } from './outcome.js'

interface Arguments {
  scan: string[]
  browser: string | undefined
  shareFile: string[]
  custody: string | undefined
}

export const builder = (flags: Argv): Argv =>
  flags
    .usage('$0 share inspect --scan FILE [--custody DIR]\n\nTells whether a sheet is whole, whose it is and of which generation. With a custody folder also whether it is the\none that was promised. Shows nothing secret.')
    .positional('step', { choices: ['inspect'] as const })
    .option('scan', { type: 'string', array: true, default: [], describe: 'scan or photograph of the sheet, or: camera' })
    .option('browser', { type: 'string', describe: 'of the camera: any, or a program (default: Chromium in a room without network)' })
    .option('share-file', { type: 'string', array: true, nargs: 1, default: [], describe: 'typed share text' })
    .option('custody', { type: 'string', describe: 'custody folder to hold it against' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  if (args.scan.length + args.shareFile.length === 0) throw new GlasskeyError('USAGE', 'which sheet?', 'glasskey share inspect --scan FILE')
  const typed = args.shareFile.flatMap((path) => readTyped(resolve(path), 'the share file').split('\n').filter((line) => line.trim() !== ''))
  const { scans, camera } = sheetsOf(args)
  const isolation = probeIsolation()
  const shown = camera && prepareCamera(camera.browser, isolation, process.env)
  const read = await readSheets(scans, typed, isolation)
  // How many people want to look at is theirs to say: with the button of the page.
  if (shown) await watchSheets(shown, isolation, read, () => null)
  const { shares, parts } = read
  if (shares.length === 0 && parts.length > 0) throw new GlasskeyError('SCAN_UNREADABLE', `this is page 2: the envelope (${parts.length} parts), and no share`, 'Scan page 1 as well.')
  if (shares.length === 0) throw new GlasskeyError('SCAN_UNREADABLE', 'no share was read', 'Scan page 1 of the sheet again: flat, in focus, at 150 dpi or more.')
  const folder = args.custody === undefined ? null : readCustodyFolder(resolve(args.custody))
  const found = shares.map((share) => {
    const { rehearsal, keyId, custodian, threshold, shares: count } = share
    const manifest = folder?.generations.find((generation) => generation.manifest.keyId === keyId)?.manifest
    if (folder && manifest) judgeShare(share, { manifest, others: otherGenerations(folder, manifest.generation) })
    const standing = folder?.standings.find(({ generation }) => generation === manifest?.generation)
    share.bytes.fill(0)
    return { rehearsal, keyId, custodian, threshold, shares: count, name: manifest ? calledBy(manifest, custodian) : null, generation: manifest?.generation ?? null, standing: standing ? whyNot(standing) : null, promised: manifest !== undefined }
  })
  const text = found
    .map((share) =>
      [
        `Whole${share.rehearsal ? ', a PRACTICE sheet' : ''}: share ${share.custodian} of ${share.shares} (${share.threshold} needed), key id ${share.keyId}.`,
        ...(share.promised ? [`It is the promised one of ${String(share.name)}, GENERATION ${String(share.generation)}; ${String(share.standing)}.`] : folder ? ['Its key is not in this custody folder.'] : []),
      ].join('\n'),
    )
    .join('\n')
  return { json: { shares: found, envelopeParts: parts.length }, text: `${text}\nEnvelope: ${parts.length} parts read.` }
}
