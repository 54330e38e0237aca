/** A custody folder read whole, contacts and all. */
import { parseCustodyYaml, type Custody } from '../custody/custody-yaml.js'
import { readText } from './disk.js'
import { places, readSealedFolder, type SealedFolder } from './sealed-folder.js'

/** A custody folder, read whole. */
export interface CustodyFolder extends SealedFolder {
  custody: Custody
}

/** Reads custody.yaml and everything that `readSealedFolder` does. Throws CONFIG_INVALID too. */
export function readCustodyFolder(path: string): CustodyFolder {
  const custody = parseCustodyYaml(readText(places.custody(path), 'custody.yaml'), places.custody(path))
  return { ...readSealedFolder(path), custody }
}
