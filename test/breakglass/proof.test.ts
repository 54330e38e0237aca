/** Sending the probes signed ahead: each at its moment, against a server of ours. */
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { probeAll } from '../../src/breakglass/proof.js'
import { readClocks } from '../../src/host/clock.js'
import type { JournalEntry } from '../../src/record/journal.js'
import type { DatedProbe } from '../../src/strongroom/protocol.js'
import type { Carrier } from '../../src/wire/exchange.js'
import { vectorText } from '../vectors/frozen.js'
import { warrantSchema, type Warrant } from '../../src/warrant/warrant.js'

const REGION = 'eu-frankfurt-1'
const SIGNED = Date.parse('2026-11-22T02:30:00.000Z')
const CARRIER: Carrier = { connect: (host, port) => connect(port, host), ca: null, timeoutMs: 2000 }
const servers: Server[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) server.close()
})

/** A server that refuses the key as OCI does, its clock at the moment that `x-probe` says. */
async function refusing(): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(401, { date: new Date(Number(request.headers['x-probe'])).toUTCString(), 'opc-request-id': 'A' }).end('{}')
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** A warrant of one region, with this time between the third refusal and the confirmation. */
function warrant(confirmAfterSeconds: number): Warrant {
  const whole = warrantSchema.parse(JSON.parse(vectorText('custody/sessions/20261122T023000Z-4e5f6a7b/warrant.json')))
  return { ...whole, regions: [REGION], probes: { ...whole.probes, confirmAfterSeconds } }
}

/** One probe for each offset in ms. */
function probes(url: string, offsets: readonly number[]): DatedProbe[] {
  const { uptime } = readClocks()
  return offsets.map((offset) => ({ region: REGION, at: uptime + offset, signedFor: SIGNED + offset, url, headers: { 'x-probe': String(SIGNED + offset) } }))
}

async function prove(sent: DatedProbe[], confirmAfterSeconds: number): Promise<{ refused: string[]; lines: JournalEntry[]; said: string }> {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  const lines: JournalEntry[] = []
  const refused = await probeAll(sent, warrant(confirmAfterSeconds), CARRIER, (entry) => lines.push(entry))
  return { refused, lines, said: said.join('') }
}

const moments = (lines: readonly JournalEntry[]): number[] => lines.flatMap((line) => (line.type === 'probe' || line.type === 'probe-failed' ? [Date.parse(line.signedFor) - SIGNED] : []))

test('one whose moment has passed is left out, and each line says which moment it was for', async () => {
  const { refused, lines } = await prove(probes(await refusing(), [-3000, -2000, 0, 50, 100, 150, 300]), 0.2)
  expect(refused).toEqual([REGION])
  expect(moments(lines)).toEqual([0, 50, 100, 300])
})

test('where nobody answers, it says until when it asks', async () => {
  const { refused, lines, said } = await prove(probes('http://127.0.0.1:1/', [0, 50, 61_000].map((offset) => offset - 60_900)), 0.2)
  expect(refused).toEqual([])
  expect(moments(lines)).toEqual([100])
  expect(said).toContain(`${REGION} does not answer (connect ECONNREFUSED 127.0.0.1:1). It is asked again until 02:30:00Z.`)
})
