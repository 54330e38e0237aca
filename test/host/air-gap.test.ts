/** What counts as a network, on a made-up machine. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lookForNetwork, requireAirGap } from '../../src/host/air-gap.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'glasskey-gap-'))
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

/** A machine with these interfaces; `carrier` null is an interface that is down. */
function machine(interfaces: Record<string, '0' | '1' | null>, routes = '', routes6 = ''): string {
  mkdirSync(join(root, 'proc/net'), { recursive: true })
  for (const [name, carrier] of Object.entries(interfaces)) {
    mkdirSync(join(root, 'sys/class/net', name), { recursive: true })
    if (carrier !== null) writeFileSync(join(root, 'sys/class/net', name, 'carrier'), `${carrier}\n`)
  }
  writeFileSync(join(root, 'proc/net/dev'), `Inter-|   Receive\n face |bytes\n${Object.keys(interfaces).map((name) => `  ${name}: 0 0\n`).join('')}`)
  writeFileSync(join(root, 'proc/net/route'), `Iface\tDestination\tGateway\n${routes}`)
  writeFileSync(join(root, 'proc/net/ipv6_route'), routes6)
  return root
}

test('cables pulled and radios off: an air gap', () => {
  expect(requireAirGap(lookForNetwork(machine({ lo: '1', eth0: '0', wlan0: null })))).toEqual({ ways: [], looked: 'interfaces with a carrier, default routes' })
})

test('a carrier is a way out, by name', () => {
  expect(() => requireAirGap(lookForNetwork(machine({ lo: '1', eth0: '1', wlan0: '1' })))).toThrow('this machine has a network: interface eth0 has a carrier; interface wlan0 has a carrier')
})

test('a default route is a way out, whatever carries it', () => {
  expect(lookForNetwork(machine({ lo: '1' }, 'ppp0\t00000000\t0101A8C0\n')).ways).toEqual(['there is a default route (IPv4)'])
  const v6 = `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'fe80'.padEnd(32, '0')} 00000400 1 0 00000003 ppp0\n`
  expect(lookForNetwork(machine({ lo: '1' }, '', v6)).ways).toEqual(['there is a default route (IPv6)'])
})

test('a route to one network, and the unreachable default of an empty namespace, are none', () => {
  const unreachable = `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ffffffff 1 0 00200200       lo\n`
  expect(lookForNetwork(machine({ lo: '1' }, 'eth0\t0001A8C0\t00000000\n', unreachable)).ways).toEqual([])
})

test('interfaces of the machine that an empty namespace cannot see do not count', () => {
  machine({ lo: '1' })
  mkdirSync(join(root, 'sys/class/net/eth0'), { recursive: true })
  writeFileSync(join(root, 'sys/class/net/eth0/carrier'), '1\n')
  expect(lookForNetwork(root).ways).toEqual([])
})
