/** What the auditor's login sees of the user: asked and parsed by the desk, without the SDK and without its process. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { viewCloud } from '../../src/audit/cloud-view.js'
import type { Profile } from '../../src/host/oci-profile.js'
import { manifestOf } from '../vectors/frozen.js'

const manifest = manifestOf(1)
const user = `/20160918/users/${manifest.user}`
let server: Server | undefined
afterEach(() => server?.close())

/** What is seen where OCI answers these paths so; all others with an empty list. `next`: the page that follows. */
async function seen(answers: Record<string, { status?: number; body: unknown; next?: string }>): Promise<{ view: Awaited<ReturnType<typeof viewCloud>>; asked: string[] }> {
  const asked: string[] = []
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://oci')
    asked.push(`${request.method ?? ''} ${url.pathname}`)
    const page = url.searchParams.get('page')
    const { status = 200, body, next } = answers[url.pathname + (page === null ? '' : `#${page}`)] ?? { body: [] }
    response.writeHead(status, { 'content-type': 'application/json', ...(next === undefined ? {} : { 'opc-next-page': next }) }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const profile: Profile = { name: 'AUDITOR', tenancy: manifest.tenancy, user: 'ocid1.user.oc1..auditor', fingerprint: 'f', region: manifest.homeRegion, keyFile: 'k', signer: { keyId: 'k', sign: () => new Uint8Array(8) } }
  const endpoints = { [manifest.homeRegion]: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  return { view: await viewCloud(profile, manifest, { endpoints, ca: null }), asked }
}

const ACTIVE = { lifecycleState: 'ACTIVE' }

test('user, keys, groups and credentials, each by a plain GET', async () => {
  const { view, asked } = await seen({
    [user]: { body: { ...ACTIVE, capabilities: { canUseApiKeys: true } } },
    [`${user}/apiKeys`]: { body: [{ fingerprint: 'aa', keyValue: 'PEM', ...ACTIVE }, { fingerprint: 'bb', lifecycleState: 'DELETED' }] },
    '/20160918/groups': { body: [{ id: 'g1', name: 'Operators' }], next: 'two' },
    '/20160918/groups#two': { body: [{ id: 'g2', name: 'Administrators' }] },
    '/20160918/userGroupMemberships': { body: [{ groupId: 'g2' }, { groupId: 'g9' }] },
    [`/20160918/tenancies/${manifest.tenancy}/regionSubscriptions`]: { body: [{ regionName: 'eu-frankfurt-1' }] },
    [`${user}/authTokens`]: { body: [ACTIVE, { lifecycleState: 'DELETED' }] },
    [`${user}/mfaTotpDevices`]: { status: 404, body: {} },
  })
  expect(view).toEqual({
    profile: 'AUDITOR',
    auditor: 'ocid1.user.oc1..auditor',
    user: { lifecycleState: 'ACTIVE', inactiveStatus: null, capabilities: { canUseApiKeys: true }, keys: [{ fingerprint: 'aa', keyValue: 'PEM', lifecycleState: 'ACTIVE' }] },
    groups: { read: true, value: ['Administrators', 'g9'] },
    credentials: { read: true, value: { authTokens: 1, customerSecretKeys: 0, smtpCredentials: 0, dbCredentials: 0, oauth2ClientCredentials: 0, mfaTotpDevices: null } },
    regions: { read: true, value: ['eu-frankfurt-1'] },
  })
  expect(asked.every((one) => one.startsWith('GET '))).toBe(true)
})

test('a list in another shape is not read, and does not hide the others', async () => {
  const { view } = await seen({ [user]: { body: ACTIVE }, '/20160918/groups': { body: [{ id: 7 }] }, [`${user}/smtpCredentials`]: { status: 400, body: {} } })
  expect(view.user.keys).toEqual([])
  expect(view.groups).toMatchObject({ read: false, error: { message: expect.stringContaining('OCI answered in another shape than documented') as string } })
  expect(view.credentials).toMatchObject({ read: false, error: { message: `OCI answered 400 to GET ${user}/smtpCredentials` } })
})
