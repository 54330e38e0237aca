/** The smaller commands, as scripts and people use them: what they print, what they refuse, with which exit code. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LineFile } from '../../src/host/line-file.js'
import { readJournal, type JournalEntry, type JournalLine } from '../../src/record/journal.js'
import { held } from '../schemas/held.js'
import { here } from '../stage/here.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
let directory: string
beforeAll(async () => {
  stage = await rehearsal()
  directory = mkdtempSync(join(tmpdir(), 'glasskey-commands-'))
})
afterAll(async () => {
  await stage.close()
  rmSync(directory, { recursive: true })
})

const INIT = ['init', '--tenancy', 'ocid1.tenancy.oc1..aaaa', '--user', 'ocid1.user.oc1..aaaa', '--home-region', 'eu-frankfurt-1', '--regions', 'eu-frankfurt-1', '--team', 'Team', '--contact', 'Desk']

describe('init', () => {
  test('writes once, and never over a file', async () => {
    const out = join(directory, 'custody.yaml')
    const args = [...INIT, '--custodian', 'Ada', '--custodian', 'Grace', '--threshold', '2', '--out', out]
    expect((await here([...args, '--json'])).stdout).toBe(`${JSON.stringify({ out, custodians: 2, threshold: 2, error: null })}\n`)
    const again = await here(args)
    expect([again.code, again.stderr]).toEqual([2, `OUTPUT_EXISTS: ${out} exists already; nothing is ever overwritten\nName another place, or move the file away.\n`])
  })

  test('asks nobody where there is no terminal, and says which flag would have answered', async () => {
    const { code, stderr } = await here(['init', '--out', join(directory, 'other.yaml')])
    expect([code, stderr]).toEqual([2, 'NO_TERMINAL: there is nobody to ask: OCID of the tenancy\nGive it as --tenancy.\n'])
  })

  test('a threshold that cannot be is refused before anything is written', async () => {
    const out = join(directory, 'impossible.yaml')
    const { code, stderr } = await here([...INIT, '--custodian', 'Ada', '--custodian', 'Grace', '--threshold', '3', '--out', out])
    expect(code).toBe(2)
    expect(stderr).toContain('threshold: is 3, but there are only 2 custodians')
    expect(existsSync(out)).toBe(false)
  })

  test.each([
    [['--threshold', '1'], '--threshold must be at least 2: one custodian alone must not be able to act; not "1"'],
    [['--threshold', '2.5'], '--threshold must be a whole number; not "2.5"'],
    [['--copies', '10'], '--copies must be at most 9; not "10"'],
  ])('%j is refused before anything is asked', async (flags, message) => {
    const { code, stderr } = await here(['init', '--out', join(directory, 'never-written.yaml'), ...flags])
    expect([code, stderr]).toEqual([2, `USAGE: ${message}\n`])
  })
})

describe('what is to be written is looked for before anything is read or asked', () => {
  const THERE = 'exists already; nothing is ever overwritten'
  test.each([
    ['init', []],
    ['recover', ['--scan', 'nothing.pdf']],
    ['share', ['send', '--warrant', 'nothing.json', '--to', 'nothing.asc']],
  ])('%s', async (command, more) => {
    const out = join(directory, `there-${command}`)
    writeFileSync(out, '')
    const { code, stderr } = await here([command, ...more, '--out', out])
    expect([code, stderr.split('\n')[0]]).toEqual([2, `OUTPUT_EXISTS: ${out} ${THERE}`])
  })

  test('and files of a share that is to be sent, too; a camera is none', async () => {
    const send = ['share', 'send', '--warrant', 'nothing.json', '--to', 'nothing.asc', '--scan']
    expect((await here([...send, directory])).stderr).toBe(`FILE_MISSING: the scan ${directory} is no file\nName the scan itself: PDF, PNG or JPEG.\n`)
    const nowhere = join(directory, 'typo')
    const files = ['share', 'send', '--warrant', 'nothing.json', '--to', 'nothing.asc']
    expect((await here([...files, '--share-file', nowhere])).stderr).toContain(`FILE_MISSING: the share file is not there: ${nowhere}`)
    expect((await here([...files, '--custodian-key', `2=${nowhere}`])).stderr).toContain(`FILE_MISSING: the private key is not there: ${nowhere}`)
    expect((await here([...send, 'camera'])).stderr).toBe('USAGE: share send shows no sheet to a camera\nName scan files with --scan, or type the share: leave --scan away.\n')
  })
})

test('a custody.yaml with a mistake: line, column and name', async () => {
  const path = join(directory, 'wrong.yaml')
  writeFileSync(path, readFileSync(join(stage.custody, 'custody.yaml'), 'utf8').replace('threshold: 2', 'treshold: 2'))
  const { code, stderr } = await here(['ceremony', '--config', path, '--custody', join(directory, 'c'), '--rehearsal', '--yes'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/wrong\.yaml:\d+:\d+: treshold: is not a setting of custody\.yaml/)
})

describe('status and check', () => {
  test('status is ten lines or fewer, and says what to do next', async () => {
    const { code, stdout } = await here(['status', '--custody', stage.custody])
    expect(stdout).toMatch(
      /^Note: used sheets await destruction before a witness: GENERATION 1 \(3 left\); glasskey logbook add destroyed\nREHEARSAL: made for practice, opens nothing real\.\nIn use: GENERATION 2, key id [0-9a-f]{16} \([a-zA-Z ]+\), 2 of 3; 1 custodian may be lost\.\nWaiting: GENERATION 3, GENERATION 4\.\nLast real drill: never\. Logbook: 2 entries\.\nNext: nothing; the next drill is due in 91 days\.\n$/,
    )
    expect(code).toBe(0)
  })

  test('check is ready, without any secret', async () => {
    const { code, stdout } = await stage.run(['check', '--custody', stage.custody, '--reader', 'AUDITOR', ...stage.oci, '--json'])
    const { ready, findings } = JSON.parse(stdout) as { ready: boolean; findings: { what: string; level: string }[] }
    expect([code, ready]).toEqual([0, true])
    expect(findings.map(({ what }) => what)).toEqual(expect.arrayContaining(['custody folder', 'successors', 'home region eu-frankfurt-1', 'region eu-amsterdam-1', 'GENERATION 2', 'key slots', 'isolation', 'clerk']))
  })

  test('check names a region that the tenancy subscribed to after the ceremony, and goes on where it may not look', async () => {
    const check = async (): Promise<{ what: string; level: string; said: string }[]> => {
      const { code, stdout } = await stage.run(['check', '--custody', stage.custody, '--reader', 'AUDITOR', ...stage.oci, '--json'])
      expect(code).toBe(0)
      return (JSON.parse(stdout) as { findings: { what: string; level: string; said: string }[] }).findings.filter(({ what }) => what.startsWith('subscribed regions'))
    }
    const what = 'subscribed regions as AUDITOR reads them'
    expect(await check()).toEqual([{ what, level: 'good', said: 'those of the ceremony' }])
    const region = (regionKey: string, regionName: string, status = 'READY'): object => ({ regionKey, regionName, status, isHomeRegion: false })
    const match = { path: '*/regionSubscriptions' }
    stage.cloud.armFault({ match, action: { do: 'answer', status: 200, body: [region('FRA', 'eu-frankfurt-1'), region('IAD', 'us-ashburn-1'), region('NRT', 'ap-tokyo-1', 'IN_PROGRESS')] } })
    expect(await check()).toEqual([{ what, level: 'warn', said: 'us-ashburn-1 is not among those of the ceremony: no key is proved dead there. Name all in custody.yaml before the next ceremony' }])
    stage.cloud.armFault({ match, action: { do: 'answer', status: 404, body: { code: 'NotAuthorizedOrNotFound', message: 'no' } } })
    expect(await check()).toMatchObject([{ what, level: 'warn', said: expect.stringMatching(/^not known \(OCI answered 404 to AUDITOR: .*\); it takes "inspect tenancies"$/) as string }])
  })

  test('check without the simulator of a rehearsal: what can be seen is shown, and what is missing named', async () => {
    const { code, stdout } = await stage.run(['check', '--custody', stage.custody])
    expect(code).toBe(3)
    expect(stdout).toContain('ok    successors: GENERATION 3, 4 wait\n')
    expect(stdout).toContain('STOP  endpoints: this is a rehearsal key: it needs a simulator for region eu-frankfurt-1. glasskey simulator starts one; then --endpoint eu-frankfurt-1=http://127.0.0.1:PORT\n')
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('Not ready: 1 to mend.')
  })

  test('check is not ready when OCI\'s clock is another', async () => {
    stage.cloud.advance(120)
    const { code, stdout } = await stage.run(['check', '--custody', stage.custody, ...stage.oci])
    stage.cloud.advance(-120)
    expect(code).toBe(3)
    // Date has whole seconds.
    expect(stdout).toMatch(/STOP {2}home region eu-frankfurt-1: OCI's clock and this machine's differ by (119|120) s: set the clock right/)
  })

  test('a region that is down stops a session before a bag is opened', async () => {
    const args = stage.rotate().map((word) => (word.startsWith('eu-frankfurt-1=') ? 'eu-frankfurt-1=http://127.0.0.1:9' : word))
    const before = stage.cloud.stateDigest()
    const { code, stderr } = await stage.run(args)
    expect(code).toBe(3)
    expect(stderr).toContain('OCI_UNREACHABLE: home region eu-frankfurt-1: does not answer')
    expect(stage.cloud.stateDigest()).toBe(before)
  })
})

describe('logbook', () => {
  test('an entry is added by answers or flags, and changes the margin', async () => {
    const copy = join(directory, 'custody')
    cpSync(stage.custody, copy, { recursive: true })
    const lost = ['logbook', 'add', 'lost', '--custody', copy, '--set', 'custodian=3', '--set', 'copy=1', '--set', 'generations=2,3,4']
    const incomplete = await here(lost)
    expect([incomplete.code, incomplete.stderr]).toEqual([2, 'USAGE: still needed: witness\n--set witness=…\n'])
    expect((await here([...lost, '--set', 'witness=Security desk'])).stdout).toMatch(/^Entry 3: Custodian 3, copy 1: LOST, generations 2, 3, 4\.\nWrite into the paper book: number 3, SHA-256 [0-9a-f]{64}\nIf the sheets may be in other hands, next: glasskey break rotate; glasskey logbook add retired --set generation=3 --set reason=…; glasskey logbook add retired --set generation=4 --set reason=…\n$/)
    const opened = await here(['logbook', 'add', 'inspected', '--custody', copy, ...['custodian=3', 'copy=1', 'generations=4', 'bag=B-1', 'condition=opened', 'seenOnline=4', 'witness=x'].flatMap((one) => ['--set', one])])
    expect(opened.stdout).toMatch(/\nIf the sheets may be in other hands, next: glasskey logbook add retired --set generation=4 --set reason=…\n$/)
    expect((await here(['status', '--custody', copy])).stdout).toContain('Note: GENERATION 2 has no margin: every custodian left is needed')
    expect((await here(['logbook', 'verify', '--custody', copy])).stdout).toMatch(/^The logbook holds: 4 entries, 1 session with its last signature\.\n/)
    expect((await here(['logbook', 'list', '--custody', copy])).stdout.trimEnd().split('\n')).toHaveLength(4)
    const pdf = join(directory, 'entry-2.pdf')
    await here(['logbook', 'print', '2', '--custody', copy, '--out', pdf])
    expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-')
  })

  test('its paper: a place that takes none is found out before anything is entered; where it fails afterwards, the entry stands and is not to be entered again', async () => {
    const copy = join(directory, 'custody')
    cpSync(stage.custody, copy, { recursive: true })
    const handover = ['logbook', 'add', 'handover', '--custody', copy, ...['custodian=3', 'copy=1', 'from=Chi', 'to=Dora', 'bag=B-9', 'witness=x'].flatMap((set) => ['--set', set])]
    const logbook = (): string => readFileSync(join(copy, 'logbook.jsonl'), 'utf8')
    const before = logbook()
    const nowhere = await here([...handover, '--out', join(directory, 'nowhere', 'f.pdf')])
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/^FILE_UNWRITABLE: nothing can be written at .+\nCheck the folder, its permissions and the space left\. Nothing was entered\.\n$/)])
    expect(logbook()).toBe(before)

    const mute = await here([...handover, '--printer', 'no-such-printer'])
    expect(mute.stdout).toMatch(/^Entry 3: .+\nWrite into the paper book: number 3, SHA-256 [0-9a-f]{64}\n$/)
    expect([mute.code, mute.stderr]).toEqual([2, expect.stringMatching(new RegExp(`^PRINTER_FAILED: entry 3 is written, and not on paper: .+\\nDo not enter it again\\. Mend that; then: glasskey forms hand-over --entry 3 --custody ${copy} --out FILE\\n$`))])
    expect(logbook().trimEnd().split('\n')).toHaveLength(3)
    const forScripts = await here([...handover, '--printer', 'no-such-printer', '--json'])
    held('logbook add', forScripts)
    expect(JSON.parse(forScripts.stdout)).toMatchObject({ entry: { seq: 4 }, printer: null, error: { code: 'PRINTER_FAILED' } })
  })

  test('what is no whole entry, and what another machine wrote beside it, is said to count for nothing', async () => {
    const copy = join(directory, 'custody')
    cpSync(stage.custody, copy, { recursive: true })
    const logbook = join(copy, 'logbook.jsonl')
    cpSync(logbook, join(copy, 'logbook.sync-conflict-20261128.jsonl'))
    writeFileSync(logbook, readFileSync(logbook, 'utf8') + '{"half')
    const { stdout } = await here(['status', '--custody', copy])
    expect(stdout).toContain('RED: the logbook ends in what is no whole entry (6 bytes): it counts for nothing, and the next entry puts it aside. Enter again what was entered last, if it is not listed (glasskey logbook list)\n')
    expect(stdout).toContain('RED: logbook.sync-conflict-20261128.jsonl lies beside the logbook, and nothing in it counts: another machine may have written there. Compare, enter what is missing, and move it away\n')
    expect((await here(['logbook', 'verify', '--custody', copy])).stdout).toContain('Note: the logbook ends in what is no whole entry')
  })

  test('an entry that is not on paper, because the machine went down between the two, is named by who asks what is left', async () => {
    const copy = join(directory, 'custody')
    cpSync(stage.custody, copy, { recursive: true })
    const [session = ''] = readdirSync(join(copy, 'sessions'))
    expect((await here(['resume', '--custody', copy])).stdout).toBe('Nothing is open: every session has come to its end.\n')
    rmSync(join(copy, 'sessions', session, 'entry.pdf'))
    const page = join(copy, 'sessions', session, 'entry-2.pdf')
    expect((await here(['resume', '--custody', copy])).stdout).toBe(`Nothing is open: every session has come to its end.\nEntry 2 of the logbook is not on paper: glasskey logbook print 2 --custody ${copy} --out ${page}\n`)
    await here(['logbook', 'print', '2', '--custody', copy, '--out', page])
    expect((await here(['resume', '--custody', copy])).stdout).toBe('Nothing is open: every session has come to its end.\n')
  })

  test('a session that was resumed after its entry, and is not entered as it ended then, was altered by nobody', async () => {
    const copy = join(directory, 'custody')
    cpSync(stage.custody, copy, { recursive: true })
    const [session = ''] = readdirSync(join(copy, 'sessions'))
    const journal = LineFile.open<JournalLine, JournalEntry>(join(copy, 'sessions', session, 'journal.jsonl'), readJournal, () => new Date())
    journal.append({ type: 'resumed', tool: '0.1.0', found: 'nothing is left to do' })
    journal.append({ type: 'closed', exitCode: 0 })
    const { code, stderr } = await here(['logbook', 'verify', '--custody', copy])
    expect([code, stderr]).toEqual([3, `SESSION_UNFINISHED: session ${session} was resumed after its entry in the logbook, and is not entered as it ended then\nIf it is not running now: glasskey resume --custody ${copy} --session ${session}\n`])
  })

  test.each<[kind: string, said: string[], refusal: string]>([
    ['lost', ['generations=2', 'generations=3', 'custodian=3', 'copy=1', 'witness=x'], '--set generations is given twice\nSeveral numbers go into one: --set generations=2,3. Nothing was entered.'],
    ['lost', ['custodian'], '--set custodian has no value\n--set NAME=VALUE. Nothing was entered.'],
    ['lost', ['custodian=3', 'copy=1', 'generations=4 and 5', 'witness=x'], '--set generations=4 and 5 is not numbers such as 1,2\nNothing was entered.'],
    ['lost', ['custodian=one', 'copy=1', 'generations=4', 'witness=x'], '--set custodian=one is not a number\nNothing was entered.'],
    ['retired', ['generation=3', 'reason=…'], '--set reason=… is not filled in\nNothing was entered.'],
    ['inspected', ['custodian=3', 'copy=1', 'generations=4', 'bag=B-1', 'condition=fine', 'witness=x'], '--set condition=fine is not one of intact, opened, doubtful\nNothing was entered.'],
    ['retired', ['generation=9', 'reason=x'], 'there is no GENERATION 9\nglasskey status lists them. Nothing was written.'],
    ['lost', ['custodian=3', 'copy=7', 'generations=2,3', 'witness=x'], 'custodian 3 has no copy 7 of GENERATION 2\nThere is copy 1 only. Nothing was written.'],
    ['lost', ['custodian=3', 'copy=1', 'generations=', 'witness=x'], 'of which generations? An entry about sheets names one at least\nglasskey status lists them. Nothing was written.'],
    ['inspected', ['custodian=3', 'copy=1', 'generations=9', 'bag=B-1', 'condition=doubtful', 'witness=x'], 'there is no GENERATION 9\nglasskey status lists them. Nothing was written.'],
    ['handover', ['custodian=9', 'copy=1', 'from=x', 'to=y', 'bag=B-1', 'witness=x'], 'there is no custodian 9\nNothing was written.'],
  ])('an entry about what does not exist is refused: %s %j', async (kind, said, refusal) => {
    const before = readFileSync(join(stage.custody, 'logbook.jsonl'), 'utf8')
    const { code, stderr } = await here(['logbook', 'add', kind, '--custody', stage.custody, ...said.flatMap((one) => ['--set', one])])
    expect([code, stderr]).toEqual([2, `USAGE: ${refusal}\n`])
    expect(readFileSync(join(stage.custody, 'logbook.jsonl'), 'utf8')).toBe(before)
  })

  test('the generation in use is not retired: its sheets could be destroyed then', async () => {
    const { code, stderr } = await here(['logbook', 'add', 'retired', '--custody', stage.custody, '--set', 'generation=2', '--set', 'reason=tired'])
    expect([code, stderr]).toEqual([2, 'USAGE: GENERATION 2 is in use: OCI has its key\nglasskey break rotate leaves it for the next one. Nothing was written.\n'])
  })

  test.each([[2, 'in use'], [3, 'waiting']])('no sheet of GENERATION %d, which is %s, is entered as destroyed', async (generation, state) => {
    const before = readFileSync(join(stage.custody, 'logbook.jsonl'), 'utf8')
    const { code, stderr } = await here(['logbook', 'add', 'destroyed', '--custody', stage.custody, ...[`generation=${generation}`, 'custodian=1', 'copies=1', 'method=shredded', 'witness=x'].flatMap((one) => ['--set', one])])
    expect([code, stderr]).toEqual([2, `USAGE: GENERATION ${generation} is ${state}: its sheets are still needed\nOnly sheets of a generation that is proved dead, or retired, are destroyed; one that is gone all the same: glasskey logbook add lost. Nothing was written.\n`])
    expect(readFileSync(join(stage.custody, 'logbook.jsonl'), 'utf8')).toBe(before)
  })

  test('an edited line is noticed, with its number', async () => {
    const copy = join(directory, 'edited')
    cpSync(stage.custody, copy, { recursive: true })
    const path = join(copy, 'logbook.jsonl')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"exceptions":["rehearsal"', '"exceptions":["nothing"'))
    const { code, stderr } = await here(['logbook', 'verify', '--custody', copy])
    expect(code).toBe(4)
    expect(stderr).toContain(`CHAIN_BROKEN: ${path}, line 2: does not follow from the line before it`)
  })
})

describe('takeover', () => {
  test('a second run changes nothing and says that all is as it should be', async () => {
    const before = stage.cloud.stateDigest()
    const { code, stdout } = await stage.run(['takeover', '--custody', stage.custody, '--profile', 'BOOTSTRAP', '--reader', 'AUDITOR', ...stage.oci])
    expect(stdout).toMatch(/^Nothing is left to take over:\n {2}the takeover happened; GENERATION 2 is in use\n {2}the bootstrap key .* is refused \(401\)\n {2}AUDITOR reads: one API key, of GENERATION 2; API keys are the only way in\n {2}the bootstrap key file is still there: destroy .*bootstrap\.pem\n$/)
    expect(code).toBe(0)
    expect(stage.cloud.stateDigest()).toBe(before)
  })
})

describe('the command line', () => {
  test.each([
    [['brake'], 'USAGE: Did you mean break?\n'],
    [['status'], 'USAGE: Missing required argument: custody\n'],
    [['status', '--custody', 'x', '--folder', 'y'], 'USAGE: Unknown argument: folder\n'],
  ])('%j', async (args, says) => {
    const { code, stderr, stdout } = await here(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(says)
  })

  test('--json gives errors as an object too', async () => {
    const { stdout } = await here(['status', '--custody', join(directory, 'nowhere'), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'FILE_MISSING' } })
  })
})

test.each([
  ['--share-file', 'typo', 'the share file is not there: '],
  ['--scan', 'typo', 'the scan '],
  ['--custodian-key', '2=typo', 'the private key is not there: '],
  ['--passphrase-file', '2=typo', 'the passphrase is not there: '],
])('%s %s: said before a session is opened', async (flag, value, message) => {
  const before = readdirSync(join(stage.custody, 'sessions'))
  const { code, stderr } = await stage.run([...stage.rotate(), flag, value])
  expect([code, stderr]).toEqual([2, expect.stringContaining(`FILE_MISSING: ${message}`)])
  expect(readdirSync(join(stage.custody, 'sessions'))).toEqual(before)
})

test('retired generations are skipped with --to, after custodians confirm the successor', async () => {
  const other = await rehearsal()
  try {
    await other.run(['logbook', 'add', 'retired', '--custody', other.custody, '--set', 'generation=3', '--set', 'reason=bag opened'])
    const { code, stderr, stdout } = await other.run([...other.rotate(), '--to', '4', '--json'])
    expect(stderr).toContain('Bring too     your bags of GENERATION 4: the 16 words on them are asked for (ceremony record, "On each bag")')
    expect(other.journal().filter((line) => line.type === 'consented' && line.to === 'successor')).toHaveLength(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: null, successor: { generation: 4 } })
    expect(code).toBe(0)
  } finally {
    await other.close()
  }
})

test('the code of a sheet is no answer for the logbook, which is public', async () => {
  const share = (await stage.shareText(2, 1)).match(/.{1,4}/g)?.join(' ') ?? ''
  const before = readFileSync(join(stage.custody, 'logbook.jsonl'), 'utf8')
  const { code, stderr } = await stage.run(['logbook', 'add', 'exception', '--custody', stage.custody, ...[`step=${share}`, 'happened=a', 'decision=b', 'decidedBy=c', 'witness=d'].flatMap((set) => ['--set', set])])
  expect([code, stderr]).toEqual([2, expect.stringContaining('USAGE: --set step holds the code of a sheet, and a logbook is public')])
  expect(stderr).not.toContain(share.slice(30))
  expect(readFileSync(join(stage.custody, 'logbook.jsonl'), 'utf8')).toBe(before)
})

test('without a successor neither a drill nor a release begins', async () => {
  const other = await rehearsal()
  try {
    for (const generation of [3, 4]) await other.run(['logbook', 'add', 'retired', '--custody', other.custody, '--set', `generation=${generation}`, '--set', 'reason=bags opened'])
    const drill = await other.run([...other.rotate(), '--drill'])
    expect([drill.code, drill.stderr]).toEqual([3, expect.stringContaining('NO_SUCCESSOR: a drill without a successor is refused: it would leave a used key alive')])
    const plain = await other.run(other.saasAdmin())
    expect([plain.code, plain.stderr]).toEqual([3, expect.stringContaining('NO_SUCCESSOR: no generation waits to succeed this one')])
  } finally {
    await other.close()
  }
})
