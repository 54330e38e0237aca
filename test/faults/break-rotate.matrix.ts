import { rehearsal } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({
  name: 'break rotate',
  open: rehearsal,
  args: (stage) => [...stage.rotate(), '--reader', 'AUDITOR'],
})
