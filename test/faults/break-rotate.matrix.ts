import { rehearsal } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({
  name: 'break rotate',
  open: rehearsal,
  exits: true,
  args: (stage) => [...stage.rotate(), '--reader', 'AUDITOR'],
})
