import type { KeyObject } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeConfig } from '../../src/simulator/config-directory.js'
import { mintOcid } from '../../src/simulator/ocid.js'
import { startSimulator } from '../../src/simulator/simulator.js'
import {
  AWAY,
  controlCall,
  FIRST_FREE_KEY,
  HOME,
  keyNumber,
  publicPem,
  rehearse,
  send,
  signedCall,
  temporaryDirectory,
} from './rehearsal.js'

let directory: string
beforeEach(() => {
  directory = temporaryDirectory()
})

const generateKey = (): KeyObject => keyNumber(0)

const OCID_OF_THE_PYTHON_SDK = /^([0-9a-zA-Z-_]+[.:])([0-9a-zA-Z-_]*[.:]){3,}([0-9a-zA-Z-_]+)$/

describe('the seed', () => {
  it('has OCIDs that the Python SDK takes', async () => {
    const { seed } = await rehearse()
    const families = [seed.users, seed.groups, seed.databases, seed.secrets]
    const ocids = [seed.tenancy, seed.domain, ...families.flatMap((ids) => Object.values(ids))]
    expect(ocids).toHaveLength(15)
    for (const ocid of ocids) expect(ocid).toMatch(OCID_OF_THE_PYTHON_SDK)
    expect(mintOcid((length) => new Uint8Array(length), 'user')).toBe(`ocid1.user.oc1..aaaaaaaa${'a'.repeat(52)}`)
  })

  it('comes out of the randomness and the clock that it is given', async () => {
    const random = (): ((length: number) => Uint8Array) => {
      let next = 0
      return (length) => Uint8Array.from({ length }, () => (next = (next * 5 + 17) % 256))
    }
    const one = await rehearse({ random: random() })
    const two = await rehearse({ random: random() })
    expect(two.stateDigest()).toBe(one.stateDigest())
    expect((await rehearse()).stateDigest()).not.toBe(one.stateDigest())
  })

  it('can have many users', async () => {
    const simulator = await rehearse({ extraUsers: 250 })
    expect(simulator.tenancy.identity.users).toHaveLength(255)
  })
})

describe('the digest', () => {
  it('is the same after reads, refusals and time, and another after a change', async () => {
    const simulator = await rehearse()
    const path = `/20160918/users/${simulator.seed.users.administrator}`
    const before = simulator.stateDigest()
    await signedCall(simulator, { path })
    await signedCall(simulator, { path: `${path}/apiKeys`, region: AWAY })
    await signedCall(simulator, { path, date: 0 })
    simulator.advance(3600)
    expect(simulator.stateDigest()).toBe(before)
    const key = keyNumber(FIRST_FREE_KEY)
    await signedCall(simulator, { method: 'POST', path: `${path}/apiKeys`, body: { key: publicPem(key) } })
    expect(simulator.stateDigest()).not.toBe(before)
  })
})

describe('the state file', () => {
  it('brings back the tenancy, its people, its ports and its audit log', async () => {
    const stateFile = join(directory, 'state.json')
    const first = await startSimulator({ generateKey, stateFile, tls: true })
    const path = `/20160918/users/${first.seed.users.administrator}`
    await signedCall(first, { method: 'POST', path: `${path}/uiPassword`, body: {}, headers: { 'opc-retry-token': 'a' } })
    await first.close()
    const second = await rehearse({ stateFile, tls: true, now: Date.now })
    expect(second.stateDigest()).toBe(first.stateDigest())
    expect(second.people).toEqual(first.people)
    expect(second.endpoints).toEqual(first.endpoints)
    expect(second.caPem).toBe(first.caPem)
    expect(second.events).toEqual(first.events)
    expect((await signedCall(second, { path })).status).toBe(200)
    expect(second.events).toHaveLength(2)
    expect(statSync(stateFile).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory).sort()).toEqual(['state.json', 'state.json.events.jsonl'])
  })

  it('has every change before it is answered', async () => {
    const stateFile = join(directory, 'state.json')
    const simulator = await rehearse({ stateFile })
    const path = `/20160918/users/${simulator.seed.users.operator}/authTokens`
    simulator.armFault({ match: { method: 'POST' }, action: { do: 'reset', when: 'after' } })
    await expect(signedCall(simulator, { method: 'POST', path, body: { description: 'x' } })).rejects.toThrow()
    const saved = JSON.parse(readFileSync(stateFile, 'utf8')) as { tenancy: typeof simulator.tenancy }
    expect(saved.tenancy).toEqual(simulator.tenancy)
  })

  it('is refused when it is something else, and when the regions are others', async () => {
    const stateFile = join(directory, 'state.json')
    writeFileSync(stateFile, 'not JSON')
    await expect(startSimulator({ generateKey, stateFile })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    writeFileSync(stateFile, '{}')
    await expect(startSimulator({ generateKey, stateFile })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    rmSync(stateFile)
    await (await startSimulator({ generateKey, stateFile })).close()
    await expect(startSimulator({ generateKey, stateFile, regions: ['uk-london-1'] })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('leaves out a line of the audit log that was torn', async () => {
    const stateFile = join(directory, 'state.json')
    const first = await startSimulator({ generateKey, stateFile })
    await signedCall(first, { path: `/20160918/users/${first.seed.users.administrator}` })
    await first.close()
    writeFileSync(`${stateFile}.events.jsonl`, '{"region":', { flag: 'a' })
    expect((await rehearse({ stateFile })).events).toEqual(first.events)
  })
})

describe('the options', () => {
  it('must name regions that there are', async () => {
    await expect(startSimulator({ activationDelay: { nowhere: 1 } })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(startSimulator({ regions: [] })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(startSimulator({ regions: [HOME, HOME] })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('must name free ports', async () => {
    const simulator = await rehearse()
    const port = Number(new URL(simulator.domainUrl).port)
    await expect(startSimulator({ port, generateKey })).rejects.toMatchObject({ code: 'USAGE' })
    const second = startSimulator({ port: port - 1, generateKey })
    await expect(second).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('the configuration', () => {
  it('is private, and complete', async () => {
    const simulator = await rehearse({ tls: true })
    const home = join(directory, 'oci')
    writeConfig(home, simulator)
    const files = ['auditor.pem', 'bootstrap.pem', 'ca.pem', 'config', 'operator.pem', 'remover.pem', 'tenancy.json']
    expect(readdirSync(home).sort()).toEqual(files)
    for (const file of files) expect(statSync(join(home, file)).mode & 0o777).toBe(0o600)
    expect(statSync(home).mode & 0o777).toBe(0o700)
    const pem = readFileSync(join(home, 'bootstrap.pem'), 'utf8')
    expect(pem.endsWith('-----END PRIVATE KEY-----\nOCI_API_KEY\n')).toBe(true)
    const { BOOTSTRAP } = simulator.people
    expect(readFileSync(join(home, 'config'), 'utf8')).toContain(
      [
        '[BOOTSTRAP]',
        `user=${BOOTSTRAP.userId}`,
        `fingerprint=${BOOTSTRAP.fingerprint}`,
        `tenancy=${simulator.seed.tenancy}`,
        `region=${HOME}`,
        `key_file=${join(home, 'bootstrap.pem')}`,
        '',
      ].join('\n'),
    )
    const tenancy = JSON.parse(readFileSync(join(home, 'tenancy.json'), 'utf8')) as object
    expect(tenancy).toMatchObject({ simulator: true, endpoints: simulator.endpoints, users: simulator.seed.users })
  })

  it('is written over its own kind only', async () => {
    const simulator = await rehearse()
    const ours = join(directory, 'ours')
    writeConfig(ours, simulator)
    writeConfig(ours, simulator)
    writeFileSync(join(directory, 'config'), '[DEFAULT]\n')
    expect(() => writeConfig(directory, simulator)).toThrow(expect.objectContaining({ code: 'OUTPUT_EXISTS' }))
    expect(readFileSync(join(directory, 'config'), 'utf8')).toBe('[DEFAULT]\n')
    expect(existsSync(join(directory, 'bootstrap.pem'))).toBe(false)
  })
})

describe('the control doors', () => {
  it('show state, digest and requests without a signature', async () => {
    const simulator = await rehearse()
    await signedCall(simulator, { path: '/20160918/nothing' })
    const state = await controlCall(simulator, 'GET', '/simulator/state')
    expect(state.json).toMatchObject({ seed: simulator.seed, endpoints: simulator.endpoints })
    expect(state.text).not.toContain('PRIVATE KEY')
    expect((await controlCall(simulator, 'GET', '/simulator/digest')).json).toEqual({ digest: simulator.stateDigest() })
    const { requests } = (await controlCall(simulator, 'GET', '/simulator/requests')).json as { requests: object[] }
    expect(requests).toMatchObject([{ method: 'GET', path: '/20160918/nothing', region: HOME, status: 404 }])
  })

  it('arm faults, all of a list or none', async () => {
    const simulator = await rehearse()
    const good = { match: { method: 'GET' }, action: { do: 'html' } }
    const bad = await controlCall(simulator, 'POST', '/simulator/faults', [good, { action: { do: 'nothing' } }])
    expect(bad.status).toBe(400)
    expect(simulator.waitingFaults).toEqual([])
    expect((await controlCall(simulator, 'POST', '/simulator/faults', [good, good])).json).toEqual({ waiting: 2 })
    expect((await signedCall(simulator, { path: '/20160918/nothing' })).status).toBe(502)
    expect((await controlCall(simulator, 'DELETE', '/simulator/faults')).json).toEqual({ waiting: 0 })
  })

  it('make events happen and move the clock', async () => {
    const simulator = await rehearse()
    const { operator } = simulator.seed.users
    const before = simulator.now()
    await controlCall(simulator, 'POST', '/simulator/clock', { advanceSeconds: 5 })
    expect(simulator.now()).toBe(before + 5000)
    await controlCall(simulator, 'POST', '/simulator/events', { event: 'block-user', userId: operator })
    expect(simulator.tenancy.identity.users.find(({ id }) => id === operator)?.blocked).toBe(true)
    const nobody = await controlCall(simulator, 'POST', '/simulator/events', { event: 'block-user', userId: 'x' })
    expect(nobody.status).toBe(400)
    expect((await controlCall(simulator, 'GET', '/simulator/nothing')).status).toBe(404)
  })

  it('are closed to another name of this machine', async () => {
    const simulator = await rehearse()
    const headers: [string, string][] = [['host', 'evil.example.org']]
    const answer = await send(simulator, HOME, { method: 'GET', target: '/simulator/state', headers, body: '' })
    expect(answer.status).toBe(403)
  })
})
