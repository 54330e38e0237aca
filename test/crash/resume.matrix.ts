import { rehearsal, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

/** A rotation whose deletion was sent, and whose answer nobody lived to hear. */
async function interrupted(staging: Staging): Promise<Rehearsal> {
  const stage = await rehearsal(staging)
  stage.cloud.armFault({ match: { method: 'DELETE', path: '*/apiKeys/*' }, action: { do: 'event', when: 'before', event: { event: 'block-user', userId: stage.cloud.seed.users.administrator } } })
  const { code, stderr } = await stage.run(stage.rotate())
  if (code !== 6) throw new Error(`the rotation ended with ${code}:\n${stderr}`)
  stage.cloud.happen({ event: 'block-user', userId: stage.cloud.seed.users.administrator, blocked: false })
  return stage
}

await dieAtEveryPoint({
  name: 'resume',
  open: interrupted,
  args: (stage) => ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.scans(2, 1, 3), ...stage.oci],
})
