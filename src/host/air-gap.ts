/** Whether this machine has a network. A ceremony refuses to run where it does. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { GlasskeyError } from '../errors.js'

/** What was found, in sentences for the record. */
export interface AirGap {
  /** Reasons why this is not an air gap; empty when it is one. */
  ways: string[]
  /** What was looked at. */
  looked: string
}

/** Looks for interfaces with a carrier and for default routes. `root` is `/` outside of tests. */
export function lookForNetwork(root = '/'): AirGap {
  const interfaces = join(root, 'sys/class/net')
  if (!existsSync(interfaces)) return portable()
  // /sys shows the machine's interfaces even inside an empty network namespace; /proc/net is the process's own.
  const visible = new Set(namesIn(join(root, 'proc/net/dev')))
  const carriers = readdirSync(interfaces).filter((name) => name !== 'lo' && visible.has(name) && hasCarrier(join(interfaces, name)))
  const ways = carriers.map((name) => `interface ${name} has a carrier`)
  if (hasDefaultRoute(join(root, 'proc/net/route'))) ways.push('there is a default route (IPv4)')
  if (hasDefaultRoute6(join(root, 'proc/net/ipv6_route'))) ways.push('there is a default route (IPv6)')
  return { ways, looked: 'interfaces with a carrier, default routes' }
}

/** The air gap, if it is one. Throws NOT_AIR_GAPPED naming every way out. */
export function requireAirGap(gap: AirGap): AirGap {
  if (gap.ways.length === 0) return gap
  throw new GlasskeyError(
    'NOT_AIR_GAPPED',
    `this machine has a network: ${gap.ways.join('; ')}`,
    'Unplug it, switch radios off, and begin again; or practise with --rehearsal (marked so for ever).',
  )
}

function namesIn(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(2)
    .flatMap((line) => (line.includes(':') ? [(line.split(':')[0] ?? '').trim()] : []))
}

function hasCarrier(folder: string): boolean {
  try {
    return readFileSync(join(folder, 'carrier'), 'utf8').trim() === '1'
  } catch (error) {
    // An interface that is down has no readable carrier (EINVAL).
    if (error instanceof Error) return false
    throw error
  }
}

function hasDefaultRoute(path: string): boolean {
  if (!existsSync(path)) return false
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(1)
    .some((line) => line.split('\t')[1] === '00000000')
}

function hasDefaultRoute6(path: string): boolean {
  if (!existsSync(path)) return false
  return readFileSync(path, 'utf8')
    .split('\n')
    .some((line) => {
      const [destination, length, , , , , , , , device] = line.trim().split(/\s+/)
      return destination === '0'.repeat(32) && length === '00' && device !== 'lo'
    })
}

/** Systems without /sys: any address that is not loopback counts as a way out. */
function portable(): AirGap {
  const ways = Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some((address) => !address.internal) === true)
    .map(([name]) => `interface ${name} has an address`)
  return { ways, looked: 'interfaces with an address' }
}
