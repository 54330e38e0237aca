/** Flows that the matrices play: the plain ones; who may not delete, who puts off rotating, who ends a release early; and what is resumed. */
import { appendFileSync } from 'node:fs'
import { places } from '../../src/host/sealed-folder.js'
import type { Ended } from './command-line.js'
import { isNotBegun } from './laws.js'
import { killOf } from './processes.mjs'
import { rehearsal, type Rehearsal, type Staging } from './rehearsal.js'

/** What both matrices know of a flow. */
export interface PlayedFlow {
  name: string
  /** A stage on which it can begin. */
  open: (staging: Staging) => Promise<Rehearsal>
  args: (stage: Rehearsal) => string[]
  /** Exit code where nothing is in its way; 0 when left out. */
  ends?: number
  /** Whether the bootstrap key may still be the way in. */
  lent?: boolean
  /** Weather in which it cannot come about. */
  unfit?: readonly string[]
}

export const takingOver: PlayedFlow = {
  name: 'takeover',
  open: (staging) => rehearsal({ ...staging, after: 'sealed' }),
  args: (stage) => stage.takeover(),
  lent: true,
}

export const rotating: PlayedFlow = {
  name: 'break rotate',
  open: rehearsal,
  args: (stage) => [...stage.rotate(), '--reader', 'AUDITOR'],
}

export const releasing: PlayedFlow = {
  name: 'break saas-admin',
  open: rehearsal,
  args: (stage) => [...stage.saasAdmin(), '--reader', 'AUDITOR'],
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

/** A session whose strongroom died when OCI had such a request before it, unread. */
async function interrupted({ observe, clockSkew = 0, ...staging }: Staging, args: (stage: Rehearsal) => string[], isLast: (request: { method: string; path: string }) => boolean): Promise<Rehearsal> {
  let desk = 0
  const stage = await rehearsal({
    ...staging,
    observe: (moment, request) => {
      if (desk !== 0 && moment === 'received' && isLast(request) && killOf(desk, 'strongroom') > 0) {
        desk = 0
        return 'drop'
      }
      return observe?.(moment, request)
    },
  })
  const begin = (): Promise<Ended> => stage.run(args(stage), { onStart: (pid) => (desk = pid) })
  let ended = await begin()
  for (let again = 0; again < 2 && isNotBegun(ended); again += 1) ended = await begin()
  if (ended.code !== 6) throw new Error(`what is to be resumed ended with ${ended.code}:\n${ended.stderr}`)
  desk = 0
  // The clocks agreed when the session was opened.
  stage.cloud.advance(clockSkew)
  stage.skewed = clockSkew !== 0
  return stage
}

/** As `interrupted`; and the power went while the next line was written. */
async function torn(...given: Parameters<typeof interrupted>): Promise<Rehearsal> {
  const stage = await interrupted(...given)
  appendFileSync(places.journal(stage.custody, stage.session), '{"at":"2026-11')
  return stage
}

const withQuorum = (stage: Rehearsal): string[] => ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.shares(2, 1, 3), ...stage.oci]

/** The strongroom did not live to hear whether its key was deleted; half a line is what it wrote last. */
export const resumed: PlayedFlow = {
  name: 'resume',
  open: (staging) => torn(staging, (stage) => stage.rotate(), ({ method }) => method === 'DELETE'),
  args: withQuorum,
}

/** Nobody heard whether SAAS_ADMIN was enabled, and the exit has not begun. */
export const resumedRelease: PlayedFlow = {
  name: 'resume of a release',
  open: (staging) => interrupted(staging, (stage) => stage.saasAdmin(), ({ path }) => path.includes('configureSaasAdminUser')),
  args: withQuorum,
}

/** The first key was live, and the first other way in was about to be closed. */
export const resumedTakeover: PlayedFlow = {
  name: 'resume of a takeover',
  open: (staging) => interrupted({ ...staging, after: 'sealed' }, (stage) => stage.takeover(), ({ method }) => method === 'DELETE'),
  args: (stage) => ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.shares(1, 1, 3), ...stage.oci],
  lent: true,
  // It measured that, and would have stopped.
  unfit: ['no key may delete itself'],
}

/** The successor is there, the used key may not delete itself, and somebody who may comes later: without a quorum. */
export const resumedByRemover: PlayedFlow = {
  name: 'resume by a remover',
  open: ({ beliefs, ...staging }) => interrupted({ ...staging, beliefs: { selfDeletion: '403 NotAllowed', ...beliefs } }, (stage) => stage.rotate(), () => false),
  args: (stage) => ['resume', '--custody', stage.custody, '--yes', '--remover', 'REMOVER', '--reader', 'AUDITOR', ...stage.oci],
}
