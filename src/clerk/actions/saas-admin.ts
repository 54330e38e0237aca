/** SAAS_ADMIN of an Autonomous Database: enable with a Vault secret and a duration, or disable; then read back. */
import { DatabaseClient, models } from 'oci-database'
import { type Json } from '../../canonical.js'
import { type Post } from '../post.js'
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

/** Result: state of the database, then the status of SAAS_ADMIN as OCI says it after the change. */
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
  const { saasAdminUserStatus: status } = await client.saasAdminUserStatus({ autonomousDatabaseId })
  return {
    dbName: autonomousDatabase.dbName,
    lifecycleState: autonomousDatabase.lifecycleState,
    isEnabled: status.isEnabled ?? null,
    accessType: status.accessType ?? null,
    // Dates in answers are strings, whatever the SDK's types say.
    timeSaasAdminUserEnabled: status.timeSaasAdminUserEnabled === undefined ? null : String(status.timeSaasAdminUserEnabled as unknown as string),
  }
}
