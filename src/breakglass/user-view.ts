/** The user as a lent login sees it; shapes of answers, OCI's own or the clerk's, checked. */
import { z } from 'zod'
import { explain } from '../custody/explain.js'
import type { Manifest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import type { ListedKey } from '../record/journal.js'
import { keyAsListed, PAGE, recognise } from '../record/recognise.js'
import { whatHelps } from '../wire/what-helps.js'
import type { Json } from '../canonical.js'

const capabilities = z.record(z.string(), z.boolean().nullish())

/** A user and its living API keys. */
export const userView = z.object({ lifecycleState: z.string(), inactiveStatus: z.number().nullable(), capabilities, keys: z.array(keyAsListed).max(PAGE) })
/** A user and its living API keys. */
export type UserView = z.infer<typeof userView>

/** Answer of `survey`. */
export const surveyView = userView.extend({
  name: z.string(),
  regions: z.array(z.object({ regionName: z.string(), isHomeRegion: z.boolean(), status: z.string() })),
  groups: z.array(z.string()),
  otherAdministrators: z.array(z.string()),
  domain: z.object({ url: z.string(), displayName: z.string(), users: z.array(z.object({ id: z.string(), userName: z.string() })) }).nullable(),
})
/** Answer of `survey`. */
export type SurveyView = z.infer<typeof surveyView>

/** An answer in its shape. Throws OCI_REFUSED. */
export function inShape<Shape>(value: Json, schema: z.ZodType<Shape>): Shape {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new GlasskeyError('OCI_REFUSED', `OCI answered in another shape than documented: ${explain(parsed.error)}`, whatHelps(null))
  return parsed.data
}

/** Whether the user is blocked (`inactiveStatus` bit 2). */
export function isBlocked(view: UserView): boolean {
  return ((view.inactiveStatus ?? 0) & 4) !== 0 || view.lifecycleState !== 'ACTIVE'
}

/** The listed keys beside the manifests whose whole SPKI they have. */
export function recogniseAll(view: Pick<UserView, 'keys'>, manifests: readonly Manifest[]): ListedKey[] {
  return view.keys.map((entry) => recognise(entry, manifests))
}
