/** Flags that several commands share, and what they mean. */
import { resolve } from 'node:path'
import { type Argv } from 'yargs'
import { type z } from 'zod'
import { type Inputs } from '../breakglass/break-glass.js'
import { type Cloud } from '../breakglass/login.js'
import { GlasskeyError } from '../errors.js'
import { readText } from '../host/disk.js'
import { readProfile, type Profile } from '../host/oci-profile.js'

/** Where the custody is and where OCI is. */
export interface CloudArguments {
  custody: string
  ociConfig: string | undefined
  endpoint: string[]
  ca: string | undefined
  reader: string | undefined
}

/** What people bring to a session. */
export interface SessionArguments extends CloudArguments {
  scan: string[]
  shareFile: string[]
  yes: boolean
  namespaces: boolean
}

/** `--custody` */
export function custodyFlag(flags: Argv): Argv {
  return flags.option('custody', { type: 'string', demandOption: true, describe: 'custody folder' })
}

/** Flags of every command that calls OCI. */
export function cloudFlags(flags: Argv): Argv {
  return custodyFlag(flags)
    .option('oci-config', { type: 'string', describe: 'OCI configuration file (default: ~/.oci/config)' })
    .option('reader', { type: 'string', describe: 'profile that may list the user\'s keys, for the proof' })
    .option('endpoint', { type: 'string', array: true, nargs: 1, default: [], describe: 'REGION=URL of a simulator (rehearsals only, repeatable)' })
    .option('ca', { type: 'string', describe: 'PEM authority of a simulator\'s TLS' })
}

/** Flags of every command for which a quorum gathers. */
export function sessionFlags(flags: Argv): Argv {
  return cloudFlags(flags)
    .option('scan', { type: 'string', array: true, default: [], describe: 'scans or photographs of sheets (PDF, PNG, JPEG)' })
    .option('share-file', { type: 'string', array: true, nargs: 1, default: [], describe: 'typed share texts, one a line; - is standard input' })
    .option('yes', { type: 'boolean', default: false, describe: 'rehearsal sets only: consent without asking' })
    .option('namespaces', { type: 'boolean', default: true, describe: '--no-namespaces: go without process isolation (an exception on the warrant)' })
}

/** Endpoints and authority. Throws USAGE for an --endpoint that is not REGION=URL. */
export function cloudOf(args: CloudArguments): Cloud {
  const endpoints = args.endpoint.map((text) => {
    const match = /^([a-z0-9-]+)=(https?:\/\/[^/?#@\s]+)\/?$/.exec(text)
    if (!match) throw new GlasskeyError('USAGE', `--endpoint takes REGION=URL, such as eu-frankfurt-1=http://127.0.0.1:8080; not "${text}"`)
    return [match[1] ?? '', match[2] ?? ''] as const
  })
  return { endpoints: Object.fromEntries(endpoints), ca: args.ca === undefined ? null : readText(resolve(args.ca), 'the test authority') }
}

/** The reader's login, if one is named. */
export function readerOf(args: CloudArguments): Profile | null {
  return args.reader === undefined ? null : readProfile(args.reader, configOf(args))
}

/** Path of the OCI configuration file, or undefined for the usual place. */
export function configOf(args: CloudArguments): string | undefined {
  return args.ociConfig === undefined ? undefined : resolve(args.ociConfig)
}

/** A flag's value in its shape. Throws USAGE. */
export function field(flag: string, value: string, shape: z.ZodType<string>): string {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  throw new GlasskeyError('USAGE', `--${flag} ${parsed.error.issues[0]?.message ?? 'is not understood'}; not "${value}"`)
}

/** Everything people bring. */
export function inputsOf(args: SessionArguments): Inputs {
  return {
    scans: args.scan.map((path) => resolve(path)),
    shareFiles: args.shareFile.map((path) => (path === '-' ? path : resolve(path))),
    yes: args.yes,
    reader: readerOf(args),
    cloud: cloudOf(args),
    namespaces: args.namespaces,
  }
}
