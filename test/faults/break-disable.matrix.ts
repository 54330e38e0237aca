import { disabling } from '../stage/flows.js'
import { faultAtEveryCall } from './matrix.js'

await faultAtEveryCall({ ...disabling, exits: true })
