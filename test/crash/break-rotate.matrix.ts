import { rehearsal } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

await dieAtEveryPoint({
  name: 'break rotate',
  open: rehearsal,
  args: (stage) => [...stage.rotate(), '--reader', 'AUDITOR'],
})
