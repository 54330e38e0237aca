/** The commands that need no cloud, run on the golden custody folder: what they print is of the published schema. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Outcome } from '../../src/commands/outcome.js'
import { secretsOf, VECTORS } from '../vectors/frozen.js'
import { outcomes } from './outcomes.js'

const CUSTODY = fileURLToPath(new URL('custody', VECTORS))
const place = mkdtempSync(join(tmpdir(), 'glasskey-outcomes-'))
beforeAll(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true))
afterAll(() => {
  vi.restoreAllMocks()
  rmSync(place, { recursive: true })
})

/** As `--json` would print it and a script would read it. */
const printed = ({ json }: Outcome): unknown => JSON.parse(JSON.stringify(json))
const logbook = async (step: 'list' | 'show' | 'verify', what?: string): Promise<unknown> => {
  const { handler } = await import('../../src/commands/logbook.js')
  return printed(await handler({ step, what, custody: CUSTODY, out: undefined, printer: undefined, set: [] }))
}

test('status', async () => {
  const { handler } = await import('../../src/commands/status.js')
  expect(outcomes.status.parse(printed(await handler({ custody: CUSTODY })))).toMatchObject({ rehearsal: true, inUse: { generation: 3, state: 'retired' }, waiting: [] })
})

test('logbook list, show and verify', async () => {
  expect(outcomes['logbook-list'].parse(await logbook('list')).entries).toHaveLength(10)
  expect(outcomes['logbook-show'].parse(await logbook('show', '4')).entry).toMatchObject({ type: 'session', session: '20261122T023000Z-4e5f6a7b' })
  expect(outcomes['logbook-verify'].parse(await logbook('verify'))).toMatchObject({ entries: 10, sessions: 2 })
})

test('share inspect', async () => {
  const { handler } = await import('../../src/commands/share.js')
  const file = join(place, 'typed')
  writeFileSync(file, secretsOf(2).shareTexts.join('\n'))
  expect(outcomes['share-inspect'].parse(printed(await handler({ scan: [], shareFile: [file], custody: CUSTODY })))).toMatchObject({
    shares: [1, 2, 3].map((custodian) => ({ custodian, generation: 2, standing: 'that key is dead', promised: true })),
    envelopeParts: 0,
  })
})

test('init', async () => {
  const { handler } = await import('../../src/commands/init.js')
  const outcome = await handler({
    out: join(place, 'custody.yaml'), team: 'T', contact: 'C', tenancy: 'ocid1.tenancy.oc1..aaaa', user: 'ocid1.user.oc1..aaaa', homeRegion: 'eu-frankfurt-1', regions: 'eu-frankfurt-1', custodian: ['Ada', 'Grace', 'Alan'], threshold: 2, copies: 1, keySize: 2048, paper: 'A4',
  })
  expect(outcomes.init.parse(printed(outcome))).toEqual({ out: join(place, 'custody.yaml'), custodians: 3, threshold: 2 })
})
