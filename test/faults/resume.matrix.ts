import { killOf } from '../stage/processes.mjs'
import { rehearsal, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

/** A rotation whose strongroom died when OCI had its deletion before it, unread. */
async function interrupted({ observe, clockSkew = 0, ...staging }: Staging): Promise<Rehearsal> {
  let desk = 0
  const stage = await rehearsal({
    ...staging,
    observe: (moment, request) => {
      if (desk !== 0 && moment === 'received' && request.method === 'DELETE') {
        killOf(desk, 'strongroom')
        desk = 0
        return 'drop'
      }
      return observe?.(moment, request)
    },
  })
  const { code, stderr } = await stage.run(stage.rotate(), { onStart: (pid) => (desk = pid) })
  if (code !== 6) throw new Error(`the rotation ended with ${code}:\n${stderr}`)
  // The clocks agreed when the session was opened.
  stage.cloud.advance(clockSkew)
  stage.skewed = clockSkew !== 0
  return stage
}

await faultAtEveryCall({
  name: 'resume',
  open: interrupted,
  args: (stage) => ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.shares(2, 1, 3), ...stage.oci],
})
