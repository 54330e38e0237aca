/** One session's room: what its steps share. */
import type { Generation, SealedFolder } from '../host/sealed-folder.js'
import type { Warrant } from '../warrant/warrant.js'
import type { DeskLine } from './desk-line.js'
import type { Journal } from './journal.js'
import type { Order } from './protocol.js'

/** Everything one session needs, once the warrant is read. */
export interface Room {
  desk: DeskLine
  order: Order
  folder: SealedFolder
  generation: Generation
  warrant: Warrant
  journal: Journal
}
