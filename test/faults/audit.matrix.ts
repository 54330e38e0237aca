import { expect } from 'vitest'
import { rehearsal } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

/** Faults in which a status of 200 brings nothing that can be read. */
const UNREADABLE = ['html', 'truncate', 'empty', 'drip', 'reset', 'delay']

await faultAtEveryCall({
  name: 'audit',
  open: rehearsal,
  args: (stage) => ['audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--json', ...stage.oci],
  // What OCI did not answer was not checked, and is called so: it never fails a control, and no sentence rests on it.
  judge: ({ code, stderr, stdout }, meddled, { cloud }) => {
    expect(meddled ? [0, 3, 4] : [0, 3], `${stderr}\n${stdout}`).toContain(code)
    const { opinion } = JSON.parse(stdout) as { opinion?: { keyRevoked: { verdict: string } } }
    // Refused before anything was looked at.
    if (!opinion) return
    const listed = cloud.requests.some(({ method, path, status, fault }) => method === 'GET' && /\/apiKeys(\?|$)/.test(path) && status === 200 && !UNREADABLE.includes(fault ?? ''))
    if (!listed) expect(opinion.keyRevoked.verdict, 'nobody has read the list of keys').not.toBe('Yes')
  },
})
