/** Oracle's own SDK, with its own signer and the written configuration, against the simulator. */
import { join } from 'node:path'
import {
  ConfigFileAuthenticationDetailsProvider,
  NoRetryConfigurationDetails,
  Region,
  SimpleAuthenticationDetailsProvider,
} from 'oci-common'
import { DatabaseClient, models as database } from 'oci-database'
import { IdentityClient } from 'oci-identity'
import { IdentityDomainsClient } from 'oci-identitydomains'
import { WorkRequestClient } from 'oci-workrequests'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeConfig } from '../../src/simulator/config-directory.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import { FIRST_FREE_KEY, fingerprint, keyNumber, publicPem, rehearse, temporaryDirectory } from './rehearsal.js'

let directory: string
beforeEach(() => {
  directory = temporaryDirectory()
})

async function rehearseNow(): Promise<{ simulator: Simulator; provider: ConfigFileAuthenticationDetailsProvider }> {
  const simulator = await rehearse({ now: Date.now, pageSize: 3 })
  writeConfig(directory, simulator)
  return { simulator, provider: new ConfigFileAuthenticationDetailsProvider(join(directory, 'config'), 'BOOTSTRAP') }
}

const once = { retryConfiguration: NoRetryConfigurationDetails }

describe('the identity client', () => {
  it('reads, pages, uploads, deletes, and understands a refusal', async () => {
    const { simulator, provider } = await rehearseNow()
    const client = new IdentityClient({ authenticationDetailsProvider: provider }, once)
    client.endpoint = simulator.domainUrl
    const { tenancy, users } = simulator.seed
    const userId = users.administrator
    expect((await client.getUser({ userId })).user.name).toBe('cloud.administrator@example.org')
    const first = await client.listUsers({ compartmentId: tenancy })
    expect(first.items).toHaveLength(3)
    const page = encodeURIComponent(first.opcNextPage)
    expect((await client.listUsers({ compartmentId: tenancy, page })).items).toHaveLength(2)
    const key = keyNumber(FIRST_FREE_KEY)
    const uploaded = await client.uploadApiKey({ userId, createApiKeyDetails: { key: publicPem(key) } })
    expect(uploaded.apiKey.fingerprint).toBe(fingerprint(key))
    expect((await client.listApiKeys({ userId })).items).toHaveLength(3)
    await expect(
      client.uploadApiKey({ userId, createApiKeyDetails: { key: publicPem(keyNumber(FIRST_FREE_KEY + 1)) } }),
    ).rejects.toMatchObject({ statusCode: 400, serviceCode: 'LimitExceeded' })
    await client.deleteApiKey({ userId, fingerprint: fingerprint(key), ifMatch: uploaded.etag })
    const changed = await client.updateUserCapabilities({
      userId,
      updateUserCapabilitiesDetails: { canUseDBCredentials: false },
    })
    expect(changed.user.capabilities?.canUseDbCredentials).toBe(false)
    const regions = await client.listRegionSubscriptions({ tenancyId: tenancy })
    expect(regions.items.map(({ regionName }) => regionName)).toEqual(simulator.seed.regions)
  })

  it('signs with a PEM in hand as well', async () => {
    const { simulator } = await rehearseNow()
    const { AUDITOR } = simulator.people
    const provider = new SimpleAuthenticationDetailsProvider(
      simulator.seed.tenancy,
      AUDITOR.userId,
      AUDITOR.fingerprint,
      `${AUDITOR.privateKeyPem}OCI_API_KEY\n`,
      null,
      Region.EU_FRANKFURT_1,
    )
    const client = new IdentityClient({ authenticationDetailsProvider: provider }, once)
    client.endpoint = simulator.domainUrl
    const userId = simulator.seed.users.administrator
    expect((await client.listAuthTokens({ userId })).items).toHaveLength(1)
    await expect(client.createOrResetUIPassword({ userId })).rejects.toMatchObject({ statusCode: 404 })
  })
})

describe('the database client', () => {
  it('enables SAAS_ADMIN, asks for it and ends it', async () => {
    const { simulator, provider } = await rehearseNow()
    const client = new DatabaseClient({ authenticationDetailsProvider: provider }, once)
    client.endpoint = simulator.domainUrl
    const autonomousDatabaseId = simulator.seed.databases.available
    const answer = await client.configureSaasAdminUser({
      autonomousDatabaseId,
      configureSaasAdminUserDetails: {
        isEnabled: true,
        secretId: simulator.seed.secrets.saasAdmin,
        accessType: database.ConfigureSaasAdminUserDetails.AccessType.ReadOnly,
        duration: 2,
      },
    })
    expect(answer.autonomousDatabase.id).toBe(autonomousDatabaseId)
    const work = new WorkRequestClient({ authenticationDetailsProvider: provider }, once)
    work.endpoint = simulator.domainUrl
    const { workRequest } = await work.getWorkRequest({ workRequestId: answer.opcWorkRequestId })
    expect(workRequest.status).toBe('SUCCEEDED')
    const status = async (): Promise<boolean | undefined> =>
      (await client.saasAdminUserStatus({ autonomousDatabaseId })).saasAdminUserStatus.isEnabled
    expect(await status()).toBe(true)
    await client.configureSaasAdminUser({ autonomousDatabaseId, configureSaasAdminUserDetails: { isEnabled: false } })
    expect(await status()).toBe(false)
    const { compartments } = simulator.seed
    const listed = await client.listAutonomousDatabases({ compartmentId: compartments.production })
    expect(listed.items).toHaveLength(3)
  })
})

describe('the identity domains client', () => {
  it('finds the user and changes the password', async () => {
    const { simulator, provider } = await rehearseNow()
    const client = new IdentityDomainsClient({ authenticationDetailsProvider: provider }, once)
    client.endpoint = simulator.domainUrl
    const filter = encodeURIComponent(`ocid eq "${simulator.seed.users.administrator}"`)
    const [user] = (await client.listUsers({ filter })).users.resources
    expect(user?.urnIetfParamsScimSchemasOracleIdcsExtensionCapabilitiesUser?.canUseApiKeys).toBe(true)
    const answer = await client.putUserPasswordChanger({
      userPasswordChangerId: user?.id ?? '',
      userPasswordChanger: {
        schemas: ['urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger'],
        password: 'Aa1'.padEnd(30, 'x'),
        bypassNotification: true,
        urnIetfParamsScimSchemasOracleIdcsExtensionSelfChangeUser: { allowSelfChange: true },
      },
    })
    expect(answer.userPasswordChanger.bypassNotification).toBe(true)
    const keys = await client.listApiKeys({ filter: encodeURIComponent(`user.ocid eq "${user?.ocid ?? ''}"`) })
    expect(keys.apiKeys.resources).toHaveLength(2)
  })
})
