import { rehearsal } from '../stage/rehearsal.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({
  name: 'takeover',
  open: (staging) => rehearsal({ ...staging, after: 'sealed' }),
  args: (stage) => stage.takeover(),
  lent: true,
})
