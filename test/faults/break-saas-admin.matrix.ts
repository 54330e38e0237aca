import { rehearsal } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({
  name: 'break saas-admin',
  open: rehearsal,
  exits: true,
  args: (stage) => [...stage.saasAdmin(), '--reader', 'AUDITOR'],
})
