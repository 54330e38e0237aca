/** A manifest and what was signed over it, as they lie in a custody folder or an outbox, with the public keys of signers. */
import { join } from 'node:path'
import { manifestFile, type Manifest } from '../custody/manifest.js'
import type { SignedManifest } from '../custody/signatures.js'
import { entryAt, namesIn, readText } from './disk.js'
import { places } from './sealed-folder.js'

/** Names of the public keys of signers in a folder. Throws FILE_UNREADABLE. */
export function signerKeys(folder: string): string[] {
  return namesIn(places.signers(folder), 'the folder of the signers').filter((name) => name.endsWith('.asc'))
}

/** The keys themselves. */
export function signerTexts(folder: string): string[] {
  return signerKeys(folder).map((name) => readText(join(places.signers(folder), name), 'a signer\'s public key'))
}

/** What is verified. `keysIn`: folders whose signers/ may have the keys; whose a key is says its fingerprint, so that it may come from any. */
export function signedManifestIn(folder: string, manifest: Manifest, keysIn: readonly string[] = [folder]): SignedManifest {
  const signature = places.signatures(folder, manifest.generation)
  return {
    generation: manifest.generation,
    // As it was read with the folder, byte for byte: not what lies there now.
    text: manifestFile(manifest),
    signature: entryAt(signature, 'the signatures') ? readText(signature, 'the signatures') : null,
    publicKeys: keysIn.flatMap(signerTexts),
  }
}
