/** SAAS_ADMIN of an Autonomous Database: enable with a Vault secret and a duration, or disable. */
import { DatabaseClient, models } from 'oci-database'
import type { Json } from '../../canonical.js'
import type { Post } from '../post.js'
import { over, quiet } from '../sdk.js'

/** Parameters, from the warrant. */
export interface SaasAdminParams {
  endpoint: string
  database: string
  enable: { secretId: string; secretVersion: number | null; access: 'read-only' | 'read-write' | 'admin'; hours: number } | null
}

const ACCESS = {
  'read-only': models.ConfigureSaasAdminUserDetails.AccessType.ReadOnly,
  'read-write': models.ConfigureSaasAdminUserDetails.AccessType.ReadWrite,
  admin: models.ConfigureSaasAdminUserDetails.AccessType.Admin,
} as const

/** Looks at the database, then changes SAAS_ADMIN. Whether it worked is read back by the strongroom itself. */
export async function saasAdmin(post: Post, params: SaasAdminParams): Promise<Json> {
  const client = new DatabaseClient(over(post), quiet())
  client.endpoint = params.endpoint
  const autonomousDatabaseId = params.database
  const { autonomousDatabase } = await client.getAutonomousDatabase({ autonomousDatabaseId })
  const { enable } = params
  await client.configureSaasAdminUser({
    autonomousDatabaseId,
    configureSaasAdminUserDetails: enable
      ? {
          isEnabled: true,
          secretId: enable.secretId,
          ...(enable.secretVersion === null ? {} : { secretVersionNumber: enable.secretVersion }),
          accessType: ACCESS[enable.access],
          duration: enable.hours,
        }
      : { isEnabled: false },
  })
  return { dbName: autonomousDatabase.dbName }
}
