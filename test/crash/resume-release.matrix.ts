import { resumedRelease } from '../stage/flows.js'
import { dieAtEveryPoint } from './matrix.js'

await dieAtEveryPoint(resumedRelease)
