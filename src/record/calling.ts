/** Whom to call for a quorum, and in which order. Pure. */
import type { HeldCopy } from './copies.js'

/** A custodian who can be called, with everybody who keeps a copy that is still good. */
export interface Callable {
  custodian: number
  name: string
  /** The holder of the first good copy first; never empty. */
  copies: HeldCopy[]
}

/** The people of a generation, as its manifest lists them. */
export interface CalledSet {
  generation: number
  shares: readonly { custodian: number; name: string; copies: number }[]
}

/**
 * Custodians who still have a sheet of this generation. Whoever can be reached at all comes first, then whoever has a
 * deputy who can be reached too, then by number: at four in the morning the first call should be the likeliest.
 */
export function callOrder({ generation, shares }: CalledSet, held: readonly HeldCopy[]): Callable[] {
  const callable = shares.flatMap(({ custodian, name, copies }): Callable[] => {
    const good = held.filter((copy) => copy.custodian === custodian && copy.copy <= copies && !copy.gone.includes(generation))
    return good.length === 0 ? [] : [{ custodian, name, copies: good }]
  })
  const numbers = ({ copies }: Callable): number => copies.filter(({ phone }) => phone !== null).length
  return callable.sort((one, other) => numbers(other) - numbers(one) || one.custodian - other.custodian)
}
