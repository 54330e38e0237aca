import { byRemover } from '../stage/flows.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({ ...byRemover, exits: true })
