/** OCI has two keys of this custody, because a session did not come to its end: which one goes, and that nobody is sent in a circle. */
import { createPublicKey } from 'node:crypto'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { livingKeys } from '../stage/cloud-truth.js'
import { assertAllWell, doAsTold } from '../stage/laws.js'
import { loseStrongroom } from '../stage/playing.js'
import { killOf } from '../stage/processes.mjs'
import { isShort, rare } from '../stage/rare.js'
import { rehearsal, withoutShares, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import type { Ended } from '../stage/command-line.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** Generations whose key OCI has. */
const inOci = (of: Rehearsal): (number | null)[] => livingKeys(of).map(({ generation }) => generation).sort()

const status = async (of: Rehearsal): Promise<string> => (await of.run(['status', '--custody', of.custody])).stdout

async function enter(of: Rehearsal, kind: string, ...sets: string[]): Promise<void> {
  const { code, stderr } = await of.run(['logbook', 'add', kind, '--custody', of.custody, ...sets.flatMap((set) => ['--set', set])])
  expect([code, stderr]).toEqual([0, ''])
}

const resume = (of: Rehearsal, ...more: string[]): Promise<Ended> => of.run(['resume', '--custody', of.custody, '--yes', ...of.oci, ...more])

/** After a rotation whose last step OCI refused: GENERATION 2 and its successor are both there. */
async function bothThere(answer: '403 NotAllowed' | '404 NotAuthorizedOrNotFound', staging: Staging = {}): Promise<Rehearsal> {
  const opened = await rehearsal({ speed: 4, beliefs: { selfDeletion: answer }, ...staging })
  stage = opened
  expect((await opened.run(opened.rotate(2))).code).toBe(6)
  expect(inOci(opened)).toEqual([2, 3])
  return opened
}

describe('the successor is there, and its sheets were shown by mistake', () => {
  rare('the exit is finished all the same, and the next step is to rotate away from it', async () => {
    const opened = await bothThere('403 NotAllowed')
    const mistaken = await resume(opened, ...opened.shares(3, 1, 2))
    expect([mistaken.code, mistaken.stderr]).toEqual([6, expect.stringContaining('is of GENERATION 3: that key is the one in use. Bring a sheet of GENERATION 2')])
    expect(await status(opened)).toContain('GENERATION 3 is exposed')
    const { code, stderr } = await resume(opened, '--remover', 'REMOVER', '--reader', 'AUDITOR')
    expect([code, stderr]).toEqual([0, expect.stringContaining('The remover REMOVER deleted the used key.')])
    expect(inOci(opened)).toEqual([3])
    expect(await status(opened)).toContain('Next: glasskey break rotate')
    const rotated = await opened.run([...opened.rotate(3), '--remover', 'REMOVER', '--reader', 'AUDITOR'])
    expect([rotated.code, inOci(opened)]).toEqual([0, [4]])
    await assertAllWell(opened)
  })
})

describe('the successor is there, and too few of its sheets are left to open it', () => {
  const lost = async (of: Rehearsal): Promise<void> => {
    for (const custodian of [1, 2]) await enter(of, 'lost', `custodian=${custodian}`, 'copy=1', 'generations=3', 'witness=Security desk')
  }

  test('resume does not delete the only key that people can use; a rotation from that one does, and takes the other with it', async () => {
    const opened = await bothThere('403 NotAllowed')
    await lost(opened)
    const refused = await resume(opened, '--remover', 'REMOVER')
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining(`The key of GENERATION 2 IS ALIVE. Rotate it under a fresh warrant: glasskey break rotate --custody ${opened.custody} …\n`)])
    expect(inOci(opened)).toEqual([2, 3])
    expect(await status(opened)).toContain('In use: GENERATION 2')
    const rotated = await opened.run([...opened.rotate(2), '--remover', 'REMOVER', '--reader', 'AUDITOR', '--json'])
    expect(rotated.stderr).toContain('note  GENERATION 3: is in OCI and not in use: the action would stop, and the exit deletes it\n')
    expect(JSON.parse(rotated.stdout)).toMatchObject({ error: { message: expect.stringMatching(/^the action was not done: the user has what it should not have: the key of GENERATION 3 /) as string }, grade: 'proved', successor: { generation: 4 } })
    expect(inOci(opened)).toEqual([4])
    await assertAllWell(opened)
    // It has left OCI, and is not called in use any more.
    expect(await status(opened)).not.toContain('GENERATION 3 is in use')
    await enter(opened, 'retired', 'generation=3', 'reason=too few of its sheets are left')
    await enter(opened, 'destroyed', 'generation=3', 'custodian=3', 'copies=1', 'method=shredded', 'witness=Security desk')
  })

  rare('where OCI never said what became of the deletion, somebody looks first', async () => {
    const opened = await bothThere('404 NotAuthorizedOrNotFound')
    await lost(opened)
    const unseen = await resume(opened, ...opened.shares(2, 1, 2))
    expect(unseen.code).toBe(6)
    expect(unseen.stderr).toMatch(/Whether OCI deleted the key of GENERATION 2 is not known\. First let somebody who can read the key list look: glasskey resume --custody \S+ --session \S+ --reader PROFILE\n/)
    expect(unseen.stderr).not.toContain('KEY LIVE')
    const seen = await resume(opened, '--remover', 'REMOVER')
    // What people bring next is of the key that they can open.
    expect(seen.stdout).not.toContain('In use now: GENERATION 3')
    expect([seen.code, seen.stderr]).toEqual([6, expect.stringContaining(`The key of GENERATION 2 IS ALIVE. Rotate it under a fresh warrant: glasskey break rotate --custody ${opened.custody} …\n`)])
    expect(inOci(opened)).toEqual([2, 3])
    const rotated = await opened.run([...opened.rotate(2), '--remover', 'REMOVER', '--reader', 'AUDITOR'])
    expect(rotated.stderr).toContain('is dead: proved.')
    expect(inOci(opened)).toEqual([4])
    await assertAllWell(opened)
  })
})

test('a generation that is left behind in OCI and retired goes with the next exit', async () => {
  stage = await rehearsal({ speed: 4 })
  const { cloud, custody } = stage
  cloud.happen({ event: 'upload-api-key', userId: cloud.seed.users.administrator, publicKeyPem: publicKeyOf(custody, 3) })
  await enter(stage, 'retired', 'generation=3', 'reason=its bags were found open')
  const { code } = await stage.run([...stage.rotate(2), '--reader', 'AUDITOR'])
  expect([code, inOci(stage)]).toEqual([3, [4]])
  await assertAllWell(stage)
})

describe('the used key is still there, and too few of its own sheets are left to sign with it', () => {
  rare('its successor is rotated, and that exit deletes it; a login that looks settles the rest', async () => {
    const opened = await bothThere('403 NotAllowed')
    for (const custodian of [1, 2]) await enter(opened, 'lost', `custodian=${custodian}`, 'copy=1', 'generations=2', 'witness=Security desk')
    const refused = await resume(opened)
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining(`Too few sheets are left to open the key of GENERATION 2. A rotation of GENERATION 3 deletes it: glasskey break rotate --custody ${opened.custody} …. Or an administrator deletes API key `)])
    expect(await status(opened)).toContain('In use: GENERATION 3')
    const rotated = await opened.run([...opened.rotate(3), '--remover', 'REMOVER', '--reader', 'AUDITOR'])
    expect(rotated.stderr).toContain('is dead: proved.')
    expect(inOci(opened)).toEqual([4])
    // Nobody need look before the next session can begin; until somebody does, it stands in red.
    const unseen = await resume(opened)
    expect([unseen.code, unseen.stderr]).toEqual([6, expect.stringContaining('The exit of a later session deleted the key of GENERATION 2; somebody who can read the key list settles it: glasskey resume --custody ')])
    expect((await opened.run(opened.rotate(4))).stderr).toContain('NO_SUCCESSOR')
    expect(await status(opened)).toContain('the key of GENERATION 2 may be alive')
    const looked = await resume(opened, '--reader', 'AUDITOR')
    expect([looked.code, looked.stderr]).toEqual([0, expect.stringContaining('is dead: listed-only.')])
    await assertAllWell(opened)
  })

  rare('its deletion was answered, and nobody heard it refused: a login is asked for, not sheets that are gone', async () => {
    let weather: 'good' | 'breaking' | 'down' = 'breaking'
    stage = await rehearsal({ speed: 16, observe: (moment, { method }) => {
      if (weather === 'breaking' && moment === 'answered' && method === 'DELETE') weather = 'down'
      return weather === 'down' && moment === 'received' ? 'drop' : undefined
    } })
    expect((await stage.run(stage.rotate(2))).code).toBe(6)
    weather = 'good'
    for (const custodian of [1, 2]) await enter(stage, 'lost', `custodian=${custodian}`, 'copy=1', 'generations=2', 'witness=Security desk')
    const { code, stdout, stderr } = await resume(stage, ...stage.shares(2, 1, 3))
    expect([code, stderr]).toEqual([6, expect.stringContaining('No sheet is read: too few are left to sign with the key of GENERATION 2.\n')])
    expect(stderr).toContain('Too few sheets are left to sign new probes. Somebody who can read the key list looks: glasskey resume --custody ')
    expect(stdout).toMatch(/Now: glasskey resume --custody \S+ --session \S+ --reader PROFILE\n$/)
    // What is open is a proof: an emergency does not wait for it, and hears of it.
    const emergency = await stage.run(stage.saasAdmin(3))
    expect([emergency.code, emergency.stderr]).toEqual([6, expect.stringContaining('note  GENERATION 2: was used, and is not proved dead: it may be ALIVE. glasskey status says what ends it\n')])
    expect(emergency.stderr).toContain('is dead: refused-only.')
    expect(emergency.stdout).toMatch(/THE KEY OF GENERATION 2, WHICH AN EARLIER SESSION USED, IS NOT PROVED DEAD\. Now: glasskey resume --custody \S+ --session \S+ --reader PROFILE\n$/)
    expect((await resume(stage, '--reader', 'AUDITOR')).code).toBe(0)
    await assertAllWell(stage)
  })

  rare('its successor was used and deleted since: resuming it probes, and brings nothing back', async () => {
    let weather: 'good' | 'breaking' | 'down' = 'breaking'
    // Home accepts for hours what was deleted.
    const opened = stage = await rehearsal({ speed: 16, revocationDelay: { 'eu-frankfurt-1': 7200 }, observe: (moment, { method }) => {
      if (weather === 'breaking' && moment === 'answered' && method === 'DELETE') weather = 'down'
      return weather === 'down' && moment === 'received' ? 'drop' : undefined
    } })
    expect((await opened.run(opened.rotate(2))).code).toBe(6)
    const first = opened.session
    weather = 'good'
    await opened.run(opened.rotate(3))
    expect(inOci(opened)).toEqual([4])
    const resumed = await resume(opened, '--session', first, ...opened.shares(2, 1, 3))
    expect(resumed.stderr).toContain('KEY LIVE')
    expect([resumed.code, inOci(opened)]).toEqual([6, [4]])
    expect(opened.cloud.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/apiKeys'))).toHaveLength(2)
    // Those hours later.
    for (const key of opened.cloud.tenancy.identity.apiKeys) if (key.timeDeleted !== null) key.timeDeleted -= 7200_000
    await doAsTold(opened)
    await assertAllWell(opened)
  })

  rare('its successor was used since, whether it was deleted is not known, and a region still took it: a quorum probes it, and nobody rotates for ever', async () => {
    let weather: 'good' | 'breaking' | 'down' = 'breaking'
    // Amsterdam accepts for hours what was deleted.
    const opened = stage = await rehearsal({ speed: 16, revocationDelay: { 'eu-amsterdam-1': 7200 }, observe: (moment, { method, region }) => {
      if (weather === 'breaking' && moment === 'answered' && method === 'DELETE') {
        weather = 'down'
        return 'drop'
      }
      return weather === 'down' && moment === 'received' && region === 'eu-frankfurt-1' ? 'drop' : undefined
    } })
    expect((await opened.run(opened.rotate(2))).code).toBe(6)
    const first = opened.session
    expect(opened.journal().filter((line) => line.type === 'probe' && line.region === 'eu-amsterdam-1' && line.status === 200)).not.toEqual([])
    weather = 'good'
    await opened.run([...opened.rotate(3), '--reader', 'AUDITOR'])
    for (const key of opened.cloud.tenancy.identity.apiKeys) if (key.timeDeleted !== null) key.timeDeleted -= 7200_000
    expect((await resume(opened, '--session', opened.session, '--reader', 'AUDITOR', ...opened.shares(3, 1, 3))).stderr).toContain('is dead: proved.')
    expect(inOci(opened)).toEqual([4])
    const next = `glasskey resume --custody ${opened.custody} --session ${first} --scan FILE... (a quorum of GENERATION 2)`
    expect(await status(opened)).toContain(`Next: ${next}\n`)
    const asked = await resume(opened, '--session', first)
    expect([asked.code, asked.stderr]).toEqual([6, expect.stringContaining(`Gather a quorum of GENERATION 2: ${next.split(' (')[0] ?? ''}`)])
    const probed = await resume(opened, '--session', first, '--reader', 'AUDITOR', ...opened.shares(2, 1, 3))
    expect([probed.code, probed.stderr]).toEqual([0, expect.stringContaining('is dead: proved.')])
    expect(inOci(opened)).toEqual([4])
    await assertAllWell(opened)
  })

  test('where the remover may not delete it either, that is said, and no quorum is asked for that could do nothing', async () => {
    const opened = await bothThere('403 NotAllowed')
    const { code, stderr, stdout } = await resume(opened, '--remover', 'AUDITOR')
    expect([code, stderr]).toEqual([6, expect.stringContaining('KEY_NOT_PROVED_DEAD: the key of GENERATION 2 may be ALIVE in OCI: AUDITOR did not delete it, or OCI never said so\nWith a login that may: glasskey resume --custody ')])
    expect(stderr).not.toContain('Gather a quorum')
    expect(stdout).toMatch(/Now: glasskey resume --custody \S+ --session \S+ --remover PROFILE\n$/)
    expect((await resume(opened, '--remover', 'REMOVER', '--reader', 'AUDITOR')).code).toBe(0)
    await assertAllWell(opened)
  })
})

describe('rotation deferred', () => {
  test.each(isShort ? (['strongroom'] as const) : (['desk', 'strongroom'] as const))('the %s dies in the action: no quorum is asked for, as nothing could be signed; a later rotation ends it', async (victim) => {
    let desk = 0
    stage = await rehearsal({
      speed: 4,
      observe: (moment, { path }) => {
        if (desk === 0 || moment !== 'received' || !path.includes('configureSaasAdminUser')) return undefined
        killOf(desk, victim)
        desk = 0
        return undefined
      },
    })
    const died = await stage.run(stage.saasAdmin(2, '--defer-rotation', '--reader', 'AUDITOR'), { onStart: (pid) => (desk = pid) })
    expect(died.code).toBe(victim === 'desk' ? -1 : 6)
    if (victim === 'strongroom') {
      expect(died.stderr).toContain(`KEY_NOT_PROVED_DEAD: the key of GENERATION 2 IS ALIVE in OCI: its rotation was deferred\nAs soon as a successor waits and the home region answers: glasskey break rotate --custody ${stage.custody} …\n`)
      expect(died.stdout).toMatch(/NOT KNOWN: whether "enable SAAS_ADMIN" happened; OCI never answered\. Look at the database in OCI's console/)
    }
    const resumed = victim === 'desk' ? await resume(stage, '--reader', 'AUDITOR') : died
    expect(resumed.code).toBe(6)
    expect(resumed.stderr).not.toContain('Gather a quorum')
    expect(resumed.stdout.trimEnd().split('\n').at(-1)).toBe(`THE KEY OF GENERATION 2 IS NOT PROVED DEAD. Now: glasskey break rotate --custody ${stage.custody} …`)
    expect(stage.journal().filter(({ type }) => type === 'rotation-deferred')).toHaveLength(1)
    expect((await stage.run(['logbook', 'list', '--custody', stage.custody])).stdout).toContain('GENERATION 2 used, unproved; action interrupted.')
    // A session that comes to nothing does not hide it, though no key was live in that one.
    const short = await stage.run([...withoutShares(stage.rotate(2)), ...stage.shares(2, 1), '--json'])
    const left = { code: 'KEY_NOT_PROVED_DEAD', message: 'the key of GENERATION 2, which an earlier session used, is not proved dead', hint: `glasskey break rotate --custody ${stage.custody} …` }
    expect([short.code, JSON.parse(short.stdout)]).toMatchObject([6, { error: { ...left, message: `${left.message}; and this one: QUORUM_NOT_REACHED: 1 of 2 shares; 1 more needed.` } }])
    expect(short.stderr).toMatch(/^QUORUM_NOT_REACHED: /m)
    const again = await resume(stage, '--session', stage.session)
    expect([again.code, again.stdout]).toEqual([6, `Nothing is open: session ${stage.session} has come to its end.\nTHE KEY OF GENERATION 2, WHICH AN EARLIER SESSION USED, IS NOT PROVED DEAD. Now: ${left.hint}\n`])
    const rotated = await stage.run([...stage.rotate(2), '--reader', 'AUDITOR'])
    expect([rotated.code, rotated.stderr]).toEqual([0, expect.stringContaining('is dead: proved.')])
    expect(inOci(stage)).toEqual([3])
    expect(await doAsTold(stage)).toEqual([])
  })
})

rare('a deferred rotation whose key somebody deleted by hand, with a successor in its place: a login that looks puts it on record', async () => {
  stage = await rehearsal({ speed: 8 })
  const { cloud, custody } = stage
  expect((await stage.run(stage.saasAdmin(2, '--defer-rotation', '--reader', 'AUDITOR'))).code).toBe(6)
  const session = stage.session
  const look = (...more: string[]): Promise<Ended> => (stage as Rehearsal).run(['resume', '--custody', custody, '--session', session, '--reader', 'AUDITOR', ...(stage as Rehearsal).oci, ...more])
  // While it is listed there is nothing to look for.
  const listed = await look('--json')
  expect([listed.code, JSON.parse(listed.stdout)]).toMatchObject([6, { session: null, error: { code: 'KEY_NOT_PROVED_DEAD', hint: `glasskey break rotate --custody ${custody} …` } }])
  const { administrator } = cloud.seed.users
  const deleteByHand = (): void => {
    const used = cloud.tenancy.identity.apiKeys.find(({ userId, timeDeleted, pem }) => userId === administrator && timeDeleted === null && pem.trim() === publicKeyOf(custody, 2).trim())
    if (!used) throw new Error('OCI has no key of GENERATION 2')
    used.timeDeleted = cloud.now()
  }
  deleteByHand()
  // Nobody is sent to rotate with a key that OCI does not have: neither by those who ask for it,
  const begun = await stage.run([...stage.rotate(2), '--reader', 'AUDITOR'])
  expect([begun.code, begun.stderr]).toEqual([3, expect.stringContaining(`TENANCY_UNFIT: GENERATION 2: is not in the key list: somebody deleted it after it was used, or another copy of this custody folder has a newer record\nNo bag was opened. Go on with the newest copy. If this is the one: glasskey resume --custody ${custody} --session ${session} --reader PROFILE enters what OCI lists, and says what comes next.\n`)])
  // nor by the session, nor by what it leaves on record.
  const lost = await look()
  const goesOn = `glasskey resume --custody ${custody} --session ${session} --reader PROFILE`
  expect([lost.code, lost.stderr]).toEqual([6, expect.stringContaining('NOBODY HAS A WAY IN: an administrator uploads the public key of GENERATION 3 (publicKeyPem in its manifest.json, once its fingerprint there is compared with the ceremony record), and a login looks (--reader).')])
  expect(lost.stdout.trimEnd().split('\n').at(-1)).toBe(`THE KEY OF GENERATION 2 IS NOT PROVED DEAD. Now: ${goesOn}`)
  expect(await status(stage)).toContain(`Next: ${goesOn}\n`)
  // The wrong key is put back: it is to be rotated, until it is gone again.
  cloud.happen({ event: 'upload-api-key', userId: administrator, publicKeyPem: publicKeyOf(custody, 2) })
  const back = await look()
  expect([back.code, back.stdout.trimEnd().split('\n').at(-1)]).toEqual([6, `THE KEY OF GENERATION 2 IS NOT PROVED DEAD. Now: glasskey break rotate --custody ${custody} …`])
  expect(await status(stage)).toContain(`Next: glasskey break rotate --custody ${custody} …\n`)
  deleteByHand()
  const gone = await look()
  expect([gone.code, gone.stdout.trimEnd().split('\n').at(-1)]).toEqual([6, `THE KEY OF GENERATION 2 IS NOT PROVED DEAD. Now: ${goesOn}`])
  cloud.happen({ event: 'upload-api-key', userId: administrator, publicKeyPem: publicKeyOf(custody, 3) })
  expect(inOci(stage)).toEqual([3])
  expect(await status(stage)).toContain('RED: GENERATION 2 was used and is not proved dead')
  const { code, stderr } = await look()
  expect([code, stderr]).toEqual([0, expect.stringContaining('is dead: listed-only. AUDITOR finds the used key gone from the key list')])
  const said = await status(stage)
  expect(said).not.toContain('is not proved dead')
  expect(said).toContain('Note: used sheets await destruction before a witness: GENERATION 1 (3 left), GENERATION 2 (3 left)')
  expect(said).toContain(`or, where GENERATION 3 was uploaded by hand, as glasskey said: glasskey break rotate --custody ${custody} …\n`)
  // The key revoked counts; that nobody knows who installed the next one does not become well by that.
  const audit = await stage.run(['audit', '--custody', custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  expect(JSON.parse(audit.stdout)).toMatchObject({ failed: ['K02', 'D02'] })
  // Once is enough: it is settled.
  const again = await look()
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Nothing is open')])
})

rare('a copy that is two rotations behind, and the newer one is lost: what OCI has is in use, in red, no takeover is asked for, and no audit calls that well', async () => {
  stage = await rehearsal({ speed: 16 })
  const { custody } = stage
  const copy = join(stage.directory, 'copy')
  cpSync(custody, copy, { recursive: true })
  for (const generation of [2, 3]) expect((await stage.run([...stage.rotate(generation), '--reader', 'AUDITOR'])).code).toBe(0)
  expect((await stage.run(stage.saasAdmin().map((word) => (word === custody ? copy : word)))).code).toBe(6)
  const resumed = await stage.run(['resume', '--custody', copy, '--reader', 'AUDITOR', ...stage.oci])
  expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('is dead: listed-only.')])
  const said = (await stage.run(['status', '--custody', copy])).stdout
  expect(said).toContain('In use: GENERATION 4')
  expect(said).toContain('GENERATION 4 is in OCI, and no session of this folder installed it: another copy of the folder has a newer record; find it, and use that one')
  expect(said).toContain(`Next: find the newest copy of this folder, and go on there; or, where GENERATION 4 was uploaded by hand, as glasskey said: glasskey break rotate --custody ${copy} …\n`)
  const audit = await stage.run(['audit', '--custody', copy, '--profile', 'AUDITOR', '--json', ...stage.oci])
  expect((JSON.parse(audit.stdout) as { failed: string[] }).failed).toContain('K02')
})

rare('the record of a rotation whose successor was rotated away from in another copy: a login that looks finds what is in use now', async () => {
  const opened = await bothThere('403 NotAllowed')
  const copy = join(opened.directory, 'copy')
  cpSync(opened.custody, copy, { recursive: true })
  expect((await resume(opened, '--remover', 'REMOVER', '--reader', 'AUDITOR')).code).toBe(0)
  expect((await opened.run([...opened.rotate(3), '--remover', 'REMOVER', '--reader', 'AUDITOR'])).code).toBe(0)
  const resumed = await opened.run(['resume', '--custody', copy, '--reader', 'AUDITOR', ...opened.oci])
  expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('is dead: listed-only.')])
  expect(resumed.stdout).not.toContain('In use now: GENERATION 3')
  const said = (await opened.run(['status', '--custody', copy])).stdout
  expect(said).toContain('In use: GENERATION 4')
  expect(said).toContain('GENERATION 4 is in OCI, and no session of this folder installed it: another copy of the folder has a newer record; find it, and use that one')
})

rare('a used key that was gone before its sheets were: the next exit does not find it, and no session waits for a look', async () => {
  let weather: 'good' | 'breaking' | 'down' = 'breaking'
  const opened = (stage = await rehearsal({ speed: 16, observe: (moment, { method }) => {
    if (weather === 'breaking' && moment === 'answered' && method === 'DELETE') weather = 'down'
    return weather === 'down' && moment === 'received' ? 'drop' : undefined
  } }))
  expect((await opened.run(opened.rotate(2))).code).toBe(6)
  weather = 'good'
  for (const custodian of [1, 2]) await enter(opened, 'lost', `custodian=${custodian}`, 'copy=1', 'generations=2', 'witness=Security desk')
  const emergency = (generation: number): Promise<Ended> => opened.run(opened.saasAdmin(generation, '--defer-rotation'))
  const rotated = await opened.run(opened.rotate(3))
  expect(rotated.stderr).toContain('is dead: refused-only.')
  const { code, stderr } = await emergency(4)
  expect([code, stderr]).toEqual([6, expect.stringContaining('KEY LIVE')])
})

rare('a successor that was given up and then installed by hand: in use, in red, and its sheets are not destroyed', async () => {
  stage = await rehearsal({ speed: 4 })
  const { cloud, custody } = stage
  const user = cloud.seed.users.administrator
  expect((await loseStrongroom(stage)).code).toBe(6)
  const mine = (generation: number): { timeDeleted: number | null } | undefined => cloud.tenancy.identity.apiKeys.find(({ fingerprint, timeDeleted }) => timeDeleted === null && livingKeys(stage as Rehearsal).some((key) => key.generation === generation && key.fingerprint === fingerprint))
  const uploaded = mine(3)
  if (uploaded) uploaded.timeDeleted = cloud.now()
  await enter(stage, 'retired', 'generation=3', 'reason=its bags were found open')
  cloud.happen({ event: 'upload-api-key', userId: user, publicKeyPem: publicKeyOf(custody, 3) })
  const used = mine(2)
  if (used) used.timeDeleted = cloud.now()
  expect((await resume(stage, '--reader', 'AUDITOR')).code).toBe(0)
  const said = await status(stage)
  expect(said).toContain('RED: GENERATION 3 is in use, and was given up (logbook add retired): rotate it')
  expect(said).toContain(`Next: glasskey break rotate --custody ${custody} …\n`)
  const destroyed = await stage.run(['logbook', 'add', 'destroyed', '--custody', custody, ...['generation=3', 'custodian=3', 'copies=1', 'method=shredded', 'witness=Security desk'].flatMap((set) => ['--set', set])])
  expect([destroyed.code, destroyed.stderr]).toEqual([2, expect.stringContaining('GENERATION 3 is in use: its sheets are still needed')])
  await doAsTold(stage)
  await assertAllWell(stage)
})

describe('the key in use can no longer be opened', () => {
  /** With a bootstrap key that an administrator gave its user. */
  const unopenable = async (before?: (opened: Rehearsal) => Promise<void>): Promise<Rehearsal> => {
    const opened = (stage = await rehearsal({ speed: 8 }))
    await before?.(opened)
    for (const custodian of [1, 2]) await enter(opened, 'lost', `custodian=${custodian}`, 'copy=1', 'generations=2', 'witness=Security desk')
    const bootstrap = createPublicKey(readFileSync(join(opened.directory, 'oci', 'bootstrap.pem'))).export({ type: 'spki', format: 'pem' }).toString()
    opened.cloud.happen({ event: 'upload-api-key', userId: opened.cloud.seed.users.administrator, publicKeyPem: bootstrap })
    return opened
  }

  test('status says what helps: a takeover with a bootstrap key installs the next generation, and takes the old key with it', async () => {
    const opened = await unopenable()
    const said = await status(opened)
    expect(said).toContain('RED: GENERATION 2 is in use and can no longer be recombined: too many sheets are gone. An administrator gives its user a bootstrap API key, and glasskey takeover installs the next generation')
    expect(said).toContain('Next: glasskey takeover with a new bootstrap key.')
    const { code, stderr } = await opened.run(opened.takeover(3))
    expect([code, stderr]).toEqual([0, expect.stringContaining('is dead: proved.')])
    // It goes in the end, and is asked for: an old sheet may turn up until then.
    expect(stderr).not.toContain('remove GENERATION 2 of an earlier attempt')
    expect(inOci(opened)).toEqual([4])
    expect(await status(opened)).toContain('In use: GENERATION 4')
    expect((await opened.run(opened.takeover(4))).stdout).toContain('Nothing is left to take over:')
  })

  rare('a key whose rotation was deferred goes with it too: the last word is who settles that, and then all is quiet', async () => {
    let session = ''
    const opened = await unopenable(async (before) => {
      expect((await before.run(before.saasAdmin(2, '--defer-rotation'))).code).toBe(6)
      session = before.session
    })
    const { code, stdout } = await opened.run(opened.takeover(3))
    const settle = `glasskey resume --custody ${opened.custody} --session ${session} --reader PROFILE`
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([6, `THE KEY OF GENERATION 2, WHICH AN EARLIER SESSION USED, IS NOT PROVED DEAD. Now: ${settle}`])
    expect(inOci(opened)).toEqual([4])
    expect(await status(opened)).toContain(`Next: ${settle}\n`)
    const settled = await resume(opened, '--session', session, '--reader', 'AUDITOR')
    expect([settled.code, settled.stderr]).toEqual([0, expect.stringContaining('is dead: listed-only.')])
    expect(await status(opened)).not.toContain('not proved dead')
  })

  rare('one that stops half-way is not called finished because an earlier one was', async () => {
    const opened = await unopenable()
    opened.cloud.armFault({ match: { path: '*UserPasswordChanger*' }, action: { do: 'answer', status: 503, body: '{"code":"ServiceUnavailable","message":"later"}' } })
    const { code, stdout } = await opened.run(opened.takeover(3))
    expect([code, stdout]).toEqual([3, expect.stringContaining('THE TAKEOVER IS NOT FINISHED: other ways in than the API key may be open.')])
    expect(await status(opened)).toContain('RED: the takeover stopped half-way: other ways in than the API key may be open')
    expect((await opened.run(opened.takeover(4))).stdout).not.toContain('Nothing is left to take over')
  })
})

/** The public key that a manifest has: no secret. */
function publicKeyOf(custody: string, generation: number): string {
  return (JSON.parse(readFileSync(join(custody, 'generations', String(generation), 'manifest.json'), 'utf8')) as { publicKeyPem: string }).publicKeyPem
}
