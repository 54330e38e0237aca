/** `glasskey simulator`: OCI on loopback, to rehearse on. Runs until it is told to stop. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { GlasskeyError } from '../errors.js'
import { readBeliefs } from '../simulator/beliefs.js'
import { describeSimulator, writeConfig } from '../simulator/config-directory.js'
import { print } from '../host/standard-output.js'
import { printed, type Outcome } from './outcome.js'
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator/simulator.js'

/** What yargs makes of the flags below. */
export interface SimulatorArguments {
  regions?: string
  port?: number
  tls: boolean
  state?: string
  writeConfig?: string
  activationDelay: string[]
  revocationDelay: string[]
  clockSkew: number
  belief: string[]
  extraUsers: number
  untilStdinCloses: boolean
}

const list = { type: 'string', array: true, default: [], nargs: 1 } as const

const FLAGS = {
  regions: { type: 'string', describe: 'Region names, the home region first, separated by commas' },
  port: { type: 'number', describe: 'Port of the first region; the others follow' },
  tls: { type: 'boolean', default: false, describe: 'HTTPS with a test authority of its own' },
  state: { type: 'string', describe: 'File that keeps the tenancy between runs' },
  'write-config': { type: 'string', describe: 'Directory for an OCI config of the seeded people' },
  'activation-delay': { ...list, describe: 'REGION=SECONDS until a new API key is accepted' },
  'revocation-delay': { ...list, describe: 'REGION=SECONDS for which a deleted API key is still accepted' },
  'clock-skew': { type: 'number', default: 0, describe: 'Seconds by which the clock of this cloud is ahead' },
  belief: { ...list, describe: 'NAME=VALUE: something else to believe of OCI' },
  'extra-users': { type: 'number', default: 0, describe: 'Further users in a new tenancy' },
  'until-stdin-closes': { type: 'boolean', default: false, describe: 'Stop when standard input ends' },
} as const

export const builder = (flags: Argv): Argv =>
  flags.usage('$0 simulator\n\nOCI on loopback, to rehearse on. The first line on standard output is a JSON object with endpoints and OCIDs.').options(FLAGS)

/** Reads REGION=SECONDS switches. Throws GlasskeyError USAGE. */
function readDelays(flag: string, switches: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    switches.map((text) => {
      const match = /^([a-z0-9-]+)=(\d+(?:\.\d+)?)$/.exec(text)
      if (match === null) throw new GlasskeyError('USAGE', `--${flag} takes REGION=SECONDS, not '${text}'.`)
      return [match[1] ?? '', Number(match[2])]
    }),
  )
}

function wholeNumber(flag: string, value: number, largest: number): number {
  if (!Number.isInteger(value) || value < 0 || value > largest) {
    throw new GlasskeyError('USAGE', `--${flag} takes a whole number from 0 to ${largest}.`)
  }
  return value
}

function optionsOf(args: SimulatorArguments): SimulatorOptions {
  if (!Number.isFinite(args.clockSkew)) throw new GlasskeyError('USAGE', '--clock-skew takes a number of seconds.')
  return {
    tls: args.tls,
    activationDelay: readDelays('activation-delay', args.activationDelay),
    revocationDelay: readDelays('revocation-delay', args.revocationDelay),
    clockSkew: args.clockSkew,
    beliefs: readBeliefs(args.belief),
    extraUsers: wholeNumber('extra-users', args.extraUsers, 100_000),
    ...(args.regions === undefined ? {} : { regions: args.regions.split(',') }),
    ...(args.port === undefined ? {} : { port: wholeNumber('port', args.port, 65_535) }),
    ...(args.state === undefined ? {} : { stateFile: args.state }),
  }
}

/** Settles when somebody asks this process to stop. */
function askedToStop(untilStdinCloses: boolean): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
    if (!untilStdinCloses) return
    process.stdin.once('close', () => resolve())
    process.stdin.once('end', () => resolve())
    process.stdin.resume()
  })
}

function welcome(simulator: Simulator, directory: string | undefined): string {
  const endpoints = Object.entries(simulator.endpoints)
  const [[homeRegion, home] = ['', '']] = endpoints
  return [
    '',
    'This is a simulator of OCI, for rehearsals and tests. Nothing here is real: no key, no database, no person.',
    'Records made on it say so.',
    '',
    ...endpoints.map(([region, url], index) => `  ${region}  ${url}${index === 0 ? '  (home region)' : ''}`),
    `  identity domain  ${simulator.domainUrl}`,
    '',
    ...(directory === undefined
      ? ['With --write-config DIR it writes an OCI config for its people.']
      : [`The OCI config is ${directory}/config, with the profiles BOOTSTRAP, OPERATOR, AUDITOR and REMOVER.`]),
    `glasskey: --endpoint ${homeRegion}=${home}, and one more for each region.`,
    `OCI's own tools: --endpoint ${home}, or client.endpoint in an SDK.`,
    ...(simulator.caPem === null || directory === undefined
      ? []
      : [`TLS: NODE_EXTRA_CA_CERTS=${directory}/ca.pem, or --cert-bundle for the OCI CLI.`]),
    '',
    `Stop it with Ctrl-C; where it was started with &, with: kill ${process.pid}`,
    '',
  ].join('\n')
}

/**
 * Starts the simulator and returns when it has been asked to stop and has saved its state. The first line on stdout is
 * one JSON object; everything else goes to stderr.
 */
export async function handler(args: SimulatorArguments): Promise<Outcome> {
  const stop = askedToStop(args.untilStdinCloses)
  const simulator = await startSimulator(optionsOf(args))
  const directory = args.writeConfig
  try {
    if (directory !== undefined) writeConfig(directory, simulator)
    print(printed({ ...describeSimulator(simulator), pid: process.pid, config: directory === undefined ? null : resolve(directory) }, null))
    process.stderr.write(`${welcome(simulator, directory)}\n`)
    await stop
  } finally {
    await simulator.close()
  }
  if (args.untilStdinCloses) process.stdin.destroy()
  return { json: null, text: '' }
}
