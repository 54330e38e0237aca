import { rotating } from '../stage/flows.js'
import { dieAtEveryPoint } from './matrix.js'

await dieAtEveryPoint(rotating)
