/** Flows that both matrices play, beyond the plain ones: who may not delete, who puts off rotating, and who ends a release early. */
import { rehearsal, type Rehearsal, type Staging } from './rehearsal.js'

/** What both matrices know of a flow. */
export interface PlayedFlow {
  name: string
  /** A stage on which it can begin. */
  open: (staging: Staging) => Promise<Rehearsal>
  args: (stage: Rehearsal) => string[]
  /** Exit code where nothing is in its way; 0 when left out. */
  ends?: number
}

/** No key may delete itself, and a login that may is named: the used key is deleted by another hand. */
export const byRemover: PlayedFlow = {
  name: 'break rotate by a remover',
  open: ({ beliefs, ...staging }) => rehearsal({ ...staging, beliefs: { selfDeletion: '403 NotAllowed', ...beliefs } }),
  args: (stage) => [...stage.rotate(), '--remover', 'REMOVER', '--reader', 'AUDITOR'],
}

/** The used key stays alive, in red, until somebody resumes the session. */
export const deferred: PlayedFlow = {
  name: 'break saas-admin, rotation deferred',
  open: rehearsal,
  args: (stage) => stage.saasAdmin(2, '--defer-rotation', '--reader', 'AUDITOR'),
  ends: 6,
}

/** SAAS_ADMIN was enabled by somebody before, for hours. */
export const disabling: PlayedFlow = {
  name: 'break saas-admin --disable',
  open: async (staging) => {
    const stage = await rehearsal(staging)
    const { cloud } = stage
    const database = cloud.tenancy.databases.find(({ id }) => id === cloud.seed.databases.available)
    database?.saasAdmin.push({ timeEnabled: cloud.now() - 600_000, accessType: 'READ_ONLY', duration: 12, secretId: cloud.seed.secrets.saasAdmin, timeRevoked: null, revokedBy: null })
    return stage
  },
  args: (stage) => stage.saasAdmin(2, '--disable', '--reader', 'AUDITOR'),
}
