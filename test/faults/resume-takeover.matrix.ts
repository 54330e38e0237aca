import { resumedTakeover } from '../stage/flows.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall(resumedTakeover)
