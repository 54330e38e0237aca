/** What a ceremony leaves in public: the files of a generation, the record, the logbook's entry. */
import { join } from 'node:path'
import { rulesFile, type Rules } from '../custody/rules.js'
import { manifestFile } from '../custody/manifest.js'
import { places } from '../host/sealed-folder.js'
import { makeFolder, writeNew } from '../host/disk.js'
import { type MadeGeneration } from './generations.js'

/** Writes `generations/<n>/` into a custody folder or an outbox. */
export function writeGeneration(folder: string, made: Pick<MadeGeneration, 'manifest' | 'envelope'>, rules: Rules): void {
  const place = places.generation(folder, made.manifest.generation)
  makeFolder(place)
  writeNew(join(place, 'manifest.json'), manifestFile(made.manifest))
  writeNew(join(place, 'rules.json'), rulesFile(rules))
  writeNew(join(place, 'public.pem'), made.manifest.publicKeyPem)
  writeNew(join(place, 'envelope.pgp'), made.envelope)
}

/** Where the printed record of a ceremony lies, by the number of its first generation. */
export function recordPath(folder: string, firstGeneration: number): string {
  return join(folder, 'records', `ceremony-from-generation-${firstGeneration}.pdf`)
}
