import { rehearsal } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

await dieAtEveryPoint({
  name: 'break saas-admin',
  open: rehearsal,
  args: (stage) => [...stage.saasAdmin(), '--reader', 'AUDITOR'],
})
