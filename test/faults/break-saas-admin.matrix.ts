import { rehearsal } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({
  name: 'break saas-admin',
  open: rehearsal,
  args: (stage) => [...stage.saasAdmin(), '--reader', 'AUDITOR'],
})
