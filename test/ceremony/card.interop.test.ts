/**
 * A custodian and a witness with OpenPGP cards, from the ceremony to the release: real gpg, gpg-agent, scdaemon and pcscd, and a
 * real reader's driver. Only the card in it is played.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { readTranscript } from '../../src/record/transcript.js'
import { writeConfig } from '../../src/simulator/config-directory.js'
import { startSimulator } from '../../src/simulator/simulator.js'
import { glasskey, type Ended } from '../stage/command-line.js'
import { CardKeyring, CardReader, OpenpgpCard, PIN } from '../stage/openpgp-card.js'
import { leave, openpgpPerson, type OpenpgpPerson } from '../stage/openpgp-people.js'
import { Rehearsal } from '../stage/rehearsal.js'

const ALGORITHMS = ['rsa2048', 'cv25519'] as const
let reader: CardReader
let stranger: OpenpgpPerson
const people = new Map<string, OpenpgpPerson>()

beforeAll(async () => {
  // Before there is a reader: gpg, run synchronously, would wait for a card that this process plays.
  for (const algorithm of ALGORITHMS) people.set(algorithm, openpgpPerson('Ada Lovelace', algorithm))
  stranger = openpgpPerson('Mallory', 'cv25519')
  reader = await CardReader.open()
})
afterAll(() => {
  reader.close()
  for (const person of [...people.values(), stranger]) {
    leave(person)
    rmSync(person.home, { recursive: true, force: true })
  }
})

describe.each(ALGORITHMS)('a card with %s', (algorithm) => {
  let stage: Rehearsal
  let person: OpenpgpPerson
  let card: OpenpgpCard
  let keyring: CardKeyring
  let told: Ended

  beforeAll(async () => {
    person = people.get(algorithm) ?? stranger
    card = await OpenpgpCard.of(person.privateKey, '00000001')
    keyring = new CardKeyring(person.publicKey)
    await reader.insert(card)
    await keyring.meet()
    const directory = mkdtempSync(join(tmpdir(), 'glasskey-test-'))
    const cloud = await startSimulator({ stateFile: join(directory, 'simulator.json') })
    stage = new Rehearsal(directory, cloud, { start: Date.now(), speed: 1 }, false)
    writeConfig(join(directory, 'oci'), cloud)
    mkdirSync(join(directory, 'keys'))
    writeFileSync(join(directory, 'keys', 'ada.asc'), person.publicKey)
    const { tenancy, users, regions, homeRegion } = cloud.seed
    const yaml = custodyYaml({ team: 'Cloud Platform', contact: 'Security desk', tenancy, user: users.administrator, realm: 'oc1', homeRegion, regions: [...regions], threshold: 2, custodians: ['Ada Lovelace', 'Grace Hopper', 'Edsger Dijkstra'], copies: 1, generations: 2, keySize: 2048, paper: 'A4', maximumHours: 4 })
    writeFileSync(join(directory, 'custody.yaml'), yaml.replace('name: "Ada Lovelace"\n', '$&    openpgpKey: keys/ada.asc\n'))
    const signing = ['--signature', `administrator=gpg:${person.fingerprint}`]
    told = await glasskey(['ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--rehearsal', '--yes', '--keep-sheets', ...withCard(), ...signing], { cwd: directory, env: { GNUPGHOME: keyring.home } })
  }, 60_000)
  afterAll(async () => {
    await keyring.leave()
    rmSync(keyring.home, { recursive: true, force: true })
    await stage.close()
  })
  beforeEach(async () => {
    keyring.type(PIN)
    await reader.insert(card)
  })
  // An agent that lives on remembers that the PIN was right.
  afterEach(() => keyring.leave())

  const withCard = (): string[] => ['--custodian-key', '1=gpg', '--gnupg-home', keyring.home]
  const sheets = (): string[] => ['recover', '--yes', '--json', '--scan', stage.sheet(2, 1), '--scan', stage.sheet(2, 2)]

  test('the ceremony proves it: it opens every share that was sealed to it, and signs the transcript', () => {
    expect(told, told.stderr).toMatchObject({ code: 0 })
    expect(told.stderr).toContain('The key of custodian 1 (Ada Lovelace) opens every share that was sealed to it.')
    const records = join(stage.custody, 'records')
    const [transcript = ''] = readdirSync(records).filter((name) => name.endsWith('.jsonl'))
    expect(readTranscript(readFileSync(join(records, transcript), 'utf8')).chain.lines.length).toBeGreaterThan(10)
    const gpg = ['--batch', '--status-fd', '1', '--verify', join(records, `${transcript}.asc`), join(records, transcript)]
    expect(execFileSync('gpg', gpg, { env: { PATH: process.env['PATH'], GNUPGHOME: person.home, LC_ALL: 'C' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toContain(`[GNUPG:] VALIDSIG ${person.fingerprint} `)
  })

  // What gpg asks, and what it says of a card, does not depend on the kind of its keys.
  if (algorithm !== 'cv25519') return
  test('a release: gpg asks for the PIN, and the card opens the share', async () => {
    const { code, stderr } = await stage.run([...stage.takeover(), ...withCard()])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^\d of 2: the sheet of custodian 1 \(Ada Lovelace\) is right\.$/m)
  })

  describe('when something is wrong', () => {
    test.each<[string, () => Promise<void> | void, string, string]>([
      ['a wrong PIN', () => { keyring.type('654321') }, 'wrong PIN. glasskey locks nothing, but the card counts its own tries: after three wrong PINs it is blocked.', 'Please unlock the card'],
      ['no card in the reader', () => { reader.remove() }, 'the question for PIN or passphrase was cancelled. Try again.', 'Please insert the card with serial number'],
      ['the card of somebody else', async () => reader.insert(await OpenpgpCard.of(stranger.privateKey, '00000002')), 'the question for PIN or passphrase was cancelled. Try again.', 'Please insert the card with serial number'],
    ])('with %s: named, and the other share goes on', async (what, happen, says, asked) => {
      await happen()
      const before = card.triesLeft
      const { code, stderr } = await stage.run([...sheets(), ...withCard()])
      expect(stderr).toContain(`the share of custodian 1 was not opened: ${says}`)
      expect(stderr).toContain('QUORUM_NOT_REACHED: 1 of 2 shares')
      expect(code).toBe(5)
      expect(before - card.triesLeft).toBe(what === 'a wrong PIN' ? 1 : 0)
      expect(keyring.asked).toContain(asked)
    })

    test('the right PIN after a wrong one opens it, and the card counts anew', async () => {
      const { code, stdout, stderr } = await stage.run([...sheets(), ...withCard()])
      expect(code, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ error: null })
      expect(card.triesLeft).toBe(3)
    })

    test('a blocked PIN is named, with what unblocks it', async () => {
      keyring.type('654321')
      const said: string[] = []
      for (let attempt = 0; attempt < 4; attempt += 1) said.push((await stage.run([...sheets(), ...withCard()])).stderr)
      expect(card.triesLeft).toBe(0)
      expect(said.at(-1)).toContain('the share of custodian 1 was not opened: the PIN of the card is blocked: too many wrong ones. The card\'s reset code or admin PIN unblocks it (gpg --card-edit, passwd). Or use the other custodians.')
    }, 60_000)
  })
})
