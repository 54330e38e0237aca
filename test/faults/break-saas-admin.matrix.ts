import { releasing } from '../stage/flows.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({ ...releasing, exits: true })
