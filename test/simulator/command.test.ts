import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import yargs from 'yargs'
import * as simulatorCommand from '../../src/commands/simulator.js'
import { DEFAULT_BELIEFS, readBeliefs } from '../../src/simulator/beliefs.js'
import { temporaryDirectory } from './rehearsal.js'

let directory: string
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => {
  vi.restoreAllMocks()
})

type Arguments = Parameters<typeof simulatorCommand.handler>[0]

/** What yargs makes of a command line. */
function argumentsOf(...words: string[]): Arguments {
  return simulatorCommand.builder(yargs(words)).parseSync() as unknown as Arguments
}

interface Run {
  readonly first: Record<string, unknown>
  readonly talk: string
  readonly answer: unknown
}

/** Runs the command, asks its home region for the digest, and stops it by SIGTERM. */
async function run(...words: string[]): Promise<Run> {
  const out: string[] = []
  const talk: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => talk.push(String(text)) > 0)
  const stops: (() => void)[] = []
  vi.spyOn(process, 'once').mockImplementation((event, listener) => {
    if (event === 'SIGTERM') stops.push(listener as () => void)
    return process
  })
  const done = simulatorCommand.handler(argumentsOf(...words))
  await vi.waitFor(() => expect(talk.join('')).toContain('Ctrl-C'), { timeout: 10_000 })
  expect(out).toHaveLength(1)
  expect(out[0]?.endsWith('}\n')).toBe(true)
  const first = JSON.parse(out[0] ?? '') as Record<string, unknown>
  const url = first['domainUrl'] as string
  const answer: unknown = url.startsWith('https') ? null : await (await fetch(`${url}/simulator/digest`)).json()
  for (const stop of stops) stop()
  await done
  return { first, talk: talk.join(''), answer }
}

describe('glasskey simulator', () => {
  it('says first in one line of JSON what there is, and stops when told to', async () => {
    const { first, talk, answer } = await run()
    expect(Object.keys(first)).toEqual([
      'simulator',
      'endpoints',
      'homeRegion',
      'domainUrl',
      'tenancy',
      'users',
      'groups',
      'compartments',
      'domain',
      'databases',
      'secrets',
      'pid',
      'config',
      'error',
    ])
    expect(first).toMatchObject({ simulator: true, homeRegion: 'eu-frankfurt-1', pid: process.pid, config: null })
    expect(answer).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
    expect(talk).toContain('This is a simulator of OCI')
    const url = first['domainUrl'] as string
    expect(talk).toContain(`--endpoint eu-frankfurt-1=${url}`)
    await expect(fetch(`${url}/simulator/digest`)).rejects.toThrow()
  })

  it('takes all its flags', async () => {
    const { first, talk } = await run(
      ...['--regions', 'us-phoenix-1,us-ashburn-1', '--tls', '--state', join(directory, 'state.json')],
      ...['--write-config', join(directory, 'oci'), '--activation-delay', 'us-phoenix-1=1.5'],
      ...['--revocation-delay', 'us-phoenix-1=2', '--revocation-delay', 'us-ashburn-1=3', '--clock-skew', '-5'],
      ...['--belief', 'selfDeletion=409 Conflict', '--belief', 'key4096=400 InvalidParameter'],
    )
    expect(first).toMatchObject({ homeRegion: 'us-phoenix-1', config: join(directory, 'oci') })
    expect(Object.keys(first['endpoints'] as object)).toEqual(['us-phoenix-1', 'us-ashburn-1'])
    expect(talk).toContain('NODE_EXTRA_CA_CERTS')
  })

  it.each([
    ['--activation-delay', 'us-phoenix-1'],
    ['--revocation-delay', 'us-phoenix-1=soon'],
    ['--belief', 'selfDeletion'],
    ['--belief', 'gravity=off'],
    ['--port', '65536'],
    ['--extra-users', '-1'],
    ['--regions', 'A B'],
  ])('refuses %s %s', async (...words) => {
    await expect(simulatorCommand.handler(argumentsOf(...words))).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('beliefs', () => {
  it('are read by kind', () => {
    expect(readBeliefs([])).toEqual(DEFAULT_BELIEFS)
    const read = readBeliefs(['auditDelay=7.5', 'passwordResetByMail=false', 'fourthApiKey=409 Conflict'])
    expect(read).toMatchObject({ auditDelay: 7.5, passwordResetByMail: false, fourthApiKey: '409 Conflict' })
    expect(() => readBeliefs(['auditDelay=soon'])).toThrow('a number')
    expect(() => readBeliefs(['passwordResetByMail=yes'])).toThrow('true or false')
    expect(() => readBeliefs(['fourthApiKey=200 OK'])).toThrow('409 IncorrectState')
    expect(() => readBeliefs(['fourthApiKey=allowed'])).toThrow('409 IncorrectState')
    expect(readBeliefs(['selfDeletion=allowed']).selfDeletion).toBe('allowed')
    expect(() => readBeliefs(['consolePasswordLength=12'])).toThrow('12-40')
  })
})
