import { expect } from 'vitest'
import { rehearsal } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({
  name: 'audit',
  open: rehearsal,
  args: (stage) => ['audit', '--custody', stage.custody, '--profile', 'AUDITOR', ...stage.oci],
  // What OCI did not answer was not checked, and is called so: it never fails a control, and no sentence rests on it.
  judge: ({ code, stderr, stdout }, meddled) => {
    expect(meddled ? [0, 3, 4] : [0, 3], `${stderr}\n${stdout}`).toContain(code)
  },
})
