/** The resuming of a rotation whose deletion was sent, and whose strongroom did not live to hear the answer. */
import { killOf } from '../stage/processes.mjs'
import { rehearsal, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

async function interrupted(staging: Staging): Promise<Rehearsal> {
  let desk = 0
  const stage = await rehearsal({
    ...staging,
    observe: (moment, request) => {
      if (desk === 0) return staging.observe?.(moment, request)
      if (moment !== 'received' || request.method !== 'DELETE') return undefined
      killOf(desk, 'strongroom')
      return 'drop'
    },
  })
  const { code, stderr } = await stage.run(stage.rotate(), { onStart: (pid) => (desk = pid) })
  if (code !== 6) throw new Error(`the rotation ended with ${code}:\n${stderr}`)
  desk = 0
  return stage
}

await dieAtEveryPoint({
  name: 'resume',
  open: interrupted,
  args: (stage) => ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.shares(2, 1, 3), ...stage.oci],
})
