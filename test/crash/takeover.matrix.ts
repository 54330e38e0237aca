import { rehearsal } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

await dieAtEveryPoint({
  name: 'takeover',
  open: (staging) => rehearsal({ ...staging, after: 'sealed' }),
  args: (stage) => stage.takeover(),
  lent: true,
})
