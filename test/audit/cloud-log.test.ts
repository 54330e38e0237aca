/** Reading OCI's Audit log: everywhere that the key may have been used, and with what is missing named. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { readCloudLog, type SessionLog, type Wanted } from '../../src/audit/cloud-log.js'
import { proven } from '../../src/audit/reading.js'
import type { Profile } from '../../src/host/oci-profile.js'
import { manifestOf, SESSIONS, warrantOf } from '../vectors/frozen.js'

const MINUTE_MS = 60_000
const manifest = manifestOf(1)
const warrant = warrantOf(SESSIONS[1])
const [home = '', other = ''] = warrant.regions
const FROM = Date.parse('2026-11-22T02:30:00.000Z')
const TO = FROM + 10 * MINUTE_MS

let servers: Server[] = []
afterEach(() => {
  for (const server of servers) server.close()
  servers = []
})

/** What OCI says at a region: the status, and the list. */
type Says = (region: string, path: string, query: URLSearchParams) => { status?: number; list: unknown[] }

/** Reads the log of one session where OCI says this, and what was asked. */
async function reading(says: Says, wanted: Partial<Wanted> = {}, now = TO + 60 * MINUTE_MS): Promise<{ log: SessionLog; asked: string[] }> {
  const asked: string[] = []
  const endpoints: Record<string, string> = {}
  for (const region of warrant.regions) {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://oci')
      if (url.pathname.endsWith('auditEvents')) asked.push(`${region} ${url.searchParams.get('compartmentId') ?? ''} ${url.searchParams.get('startTime')?.slice(8, 16) ?? ''} ${url.searchParams.get('endTime')?.slice(8, 16) ?? ''}`)
      const { status = 200, list } = says(region, url.pathname, url.searchParams)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(list))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    endpoints[region] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const profile: Profile = { name: 'AUDITOR', tenancy: manifest.tenancy, user: 'u', fingerprint: 'f', region: home, keyFile: 'k', signer: { keyId: 'k', sign: () => new Uint8Array(8) } }
  const log = await readCloudLog(profile, manifest, [{ warrant, spans: [{ from: FROM, to: TO }], isShort: () => false, ...wanted }], { endpoints, ca: null }, new Date(now))
  const found = log.get(warrant.session)
  if (!found) throw new Error('no log')
  return { log: proven(found), asked }
}

const TREE = [{ id: 'c1', lifecycleState: 'ACTIVE' }, { id: 'c2', lifecycleState: 'DELETED' }, { id: 'c3', lifecycleState: 'ACTIVE' }]
const tree = (path: string): { list: unknown[] } => ({ list: path.endsWith('/compartments') ? TREE : [] })
const event = (data: object): unknown => ({ eventTime: '2026-11-22T02:31:00.000Z', data })

test('every compartment that there is, in every region of the warrant, whatever the action', async () => {
  const { asked, log } = await reading((_, path) => tree(path))
  expect(log).toEqual({ events: [], gaps: [] })
  expect(asked.map((one) => one.split(' ').slice(0, 2).join(' ')).sort()).toEqual([home, other].flatMap((region) => [`${region} c1`, `${region} c3`, `${region} ${warrant.tenancy}`]).sort())
})

test('a compartment that OCI does not show is named, and hides nothing', async () => {
  const { log } = await reading((region, path, query) => (query.get('compartmentId') === 'c3' && region === other ? { status: 404, list: [] } : query.get('compartmentId') === 'c1' && region === home ? { list: [event({ eventName: 'X' })] } : tree(path)))
  expect(log.gaps).toEqual([`in compartment c3, ${other}: OCI answered 404`])
  expect(log.events.map(({ name }) => name)).toEqual(['X'])
})

test('where the compartments cannot be listed, that is a gap; where the root cannot be read, nothing is known', async () => {
  const { log } = await reading((_, path) => (path.endsWith('/compartments') ? { status: 404, list: [] } : { list: [] }))
  expect(log.gaps).toEqual(['below the root compartment: OCI answered 404 to GET /20160918/compartments'])
  await expect(reading((_, path, query) => (path.endsWith('auditEvents') && query.get('compartmentId') === warrant.tenancy ? { status: 404, list: [] } : tree(path)))).rejects.toThrow('OCI answered 404 to GET /20190901/auditEvents')
})

test('who signed: by credentials, by the Authorization header, by the claim of opc-principal, or by nothing', async () => {
  const keyId = (name: string): string => `Signature version="1",headers="date",keyId="t/u/${name}",algorithm="rsa-sha256",signature="*****"`
  const claims = JSON.stringify({ tenantId: 't', subjectId: 'u', claims: [{ key: 'pstype', value: 'natv', issuer: 'authService.oracle.com' }, { key: 'authorization', value: keyId('claim'), issuer: 'h' }] })
  const requests = [
    { identity: { credentials: 't/u/said' }, request: { id: '1', headers: { Authorization: [keyId('header')] } } },
    { identity: { credentials: '' }, request: { id: '2', headers: { authorization: [keyId('header')], 'opc-principal': [claims] } } },
    { identity: { credentials: null, principalId: 'u' }, request: { id: '3', action: 'GET', path: '/p', headers: { 'opc-principal': [claims] } } },
    { identity: null, request: { id: '4', headers: { 'opc-principal': ['no JSON'] } } },
  ]
  const { log } = await reading((region, path, query) => (region === home && query.get('compartmentId') === 'c1' ? { list: requests.map(event) } : tree(path)))
  expect(log.events.map(({ requestId, credentials }) => [requestId, credentials])).toEqual([['1', 't/u/said'], ['2', 't/u/header'], ['3', 't/u/claim'], ['4', '']])
  expect(log.events[2]).toMatchObject({ method: 'GET', path: '/p', principal: 'u' })
})

test('one window for each time of a session, and the same event once', async () => {
  const again = FROM + 21 * 24 * 60 * MINUTE_MS
  const { log, asked } = await reading((region, path) => (path.endsWith('auditEvents') ? { list: [event({ eventName: `X ${region.length > 0 ? '' : region}` })] } : { list: [] }), { spans: [{ from: FROM, to: TO }, { from: again, to: again + MINUTE_MS }] }, again + 60 * MINUTE_MS)
  expect(asked.filter((one) => one.startsWith(home)).map((one) => one.split(' ').slice(2).join(' '))).toEqual(['22T02:30 22T03:11', '13T02:30 13T03:02'])
  expect(log.events).toHaveLength(1)
})

test('what is missing is looked for in the log of the next 24 hours', async () => {
  const { log, asked } = await reading(
    (region, path, query) => (region === home && path.endsWith('auditEvents') && (query.get('startTime') ?? '') > '2026-11-22T03:00' ? { list: [event({ eventName: 'late' })] } : { list: [] }),
    { isShort: ({ events }) => events.length === 0 },
    TO + 48 * 60 * MINUTE_MS,
  )
  expect(asked.filter((one) => one.startsWith(home)).map((one) => one.split(' ').slice(2).join(' '))).toEqual(['22T02:30 22T03:11', '22T03:10 23T02:41'])
  expect(log.events.map(({ name }) => name)).toEqual(['late'])
})
