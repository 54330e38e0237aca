/** Signatures on the manifest of a successor that no envelope seals, by the signers that the opened envelope names. */
import type { EnvelopeHeader } from '../custody/envelope.js'
import { checkSigners } from '../custody/signatures.js'
import { generationNumber, type SealedFolder } from '../host/sealed-folder.js'
import { signedManifestIn } from '../host/signed-manifest.js'
import type { Warrant } from '../warrant/warrant.js'

/** Throws SUCCESSOR_UNTRUSTED when the sealed signers did not sign. */
export async function checkSuccessorSigners(folder: SealedFolder, warrant: Warrant, header: EnvelopeHeader): Promise<void> {
  if (!warrant.successor) return
  const { manifest } = generationNumber(folder, warrant.successor.generation)
  await checkSigners(signedManifestIn(folder.path, manifest), { fingerprints: header.signers, needed: header.signersNeeded })
}
