import { rotating } from '../stage/flows.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({ ...rotating, exits: true })
