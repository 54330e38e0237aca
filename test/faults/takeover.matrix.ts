import { takingOver } from '../stage/flows.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall(takingOver)
