import { rehearsal } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

await dieAtEveryPoint({
  name: 'break saas-admin',
  open: rehearsal,
  args: (stage) => [...stage.saasAdmin(), '--reader', 'AUDITOR'],
  // A ceremony's last line is garbled in CI; a real folder is read-only there.
  inCi: (what) => !['write after machine garbled', 'disk EIO', 'disk EROFS'].includes(what),
})
