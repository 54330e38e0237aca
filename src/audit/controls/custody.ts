/** F: custody.yaml, which nothing seals and anybody can edit, against the manifests. */
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { counted, soundManifests } from '../sound.js'

/** Throws AUDIT_FAILED naming each setting. The realm is that of the tenancy's OCID, or custody.yaml could not be read; of home regions the last one sealed counts. */
function namesWhatIsSealed(dossier: Dossier): string {
  const { custody } = dossier
  const manifests = soundManifests(dossier)
  const wrong = (['tenancy', 'user', 'homeRegion'] as const).flatMap((field) => {
    const other = (field === 'homeRegion' ? manifests.slice(-1) : manifests).find((manifest) => manifest[field] !== custody[field])
    return other ? [`custody.yaml names the ${field} ${custody[field]}, and GENERATION ${other.generation} is sealed for ${other[field]}`] : []
  })
  if (wrong.length > 0) throw failed(wrong.join('; '))
  return `tenancy, user, realm and home region as in ${counted(manifests.length, 'manifest')}`
}

/** Control of custody.yaml. */
export const CUSTODY_CONTROLS: readonly Control[] = [
  {
    code: 'F09',
    claim: 'custody.yaml names the tenancy, user, realm and home region that were sealed.',
    method: 'Compare it with the manifests.',
    source: 'custody.yaml, generations/*/manifest.json',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: namesWhatIsSealed,
  },
]
