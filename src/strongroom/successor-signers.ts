/** Signatures on the manifest of a successor that no envelope seals, by the signers that the opened envelope names. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { EnvelopeHeader } from '../custody/envelope.js'
import { manifestFile } from '../custody/manifest.js'
import { checkSigners } from '../custody/signatures.js'
import { generationNumber, places, type SealedFolder } from '../host/sealed-folder.js'
import { readText } from '../host/disk.js'
import type { Warrant } from '../warrant/warrant.js'

/** Throws SUCCESSOR_UNTRUSTED when the sealed signers did not sign. */
export async function checkSuccessorSigners(folder: SealedFolder, warrant: Warrant, header: EnvelopeHeader): Promise<void> {
  if (!warrant.successor) return
  const place = places.generation(folder.path, warrant.successor.generation)
  const signature = join(place, 'manifest.json.asc')
  const signers = join(folder.path, 'signers')
  const publicKeys = existsSync(signers) ? readdirSync(signers).filter((name) => name.endsWith('.asc')).map((name) => readText(join(signers, name), 'a signer\'s public key')) : []
  await checkSigners(
    {
      generation: warrant.successor.generation,
      // As it was read with the folder, byte for byte: not what lies there now.
      text: manifestFile(generationNumber(folder, warrant.successor.generation).manifest),
      signature: existsSync(signature) ? readText(signature, 'the signatures') : null,
      publicKeys,
    },
    { fingerprints: header.signers, needed: header.signersNeeded },
  )
}
