import { describe, expect, test } from 'vitest'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { refusal } from '../vectors/refusal.js'

/** As short as it can be; line numbers below count in it. */
const LINES = [
  'format: 1', // 1
  'owner: {team: T, contact: C}', // 2
  'tenancy: ocid1.tenancy.oc1..aaaa', // 3
  'user: ocid1.user.oc1..aaaa', // 4
  'realm: oc1', // 5
  'homeRegion: eu-frankfurt-1', // 6
  'regions: [eu-frankfurt-1, eu-amsterdam-1]', // 7
  'threshold: 2', // 8
  'custodians:', // 9
  '  - number: 1', // 10
  '    name: Ada', // 11
  '    copies:', // 12
  '      - {copy: 1, holder: Ada, phone: "1", place: safe}', // 13
  '  - number: 2', // 14
  '    name: Grace', // 15
  '    copies:', // 16
  '      - {copy: 1, holder: Grace, phone: "2", place: safe}', // 17
  'rules:', // 18
  '  useCases:', // 19
  '    - {id: drill, title: Drill, actions: [rotate]}', // 20
  '  warrant: {defaultMinutes: 30, maximumMinutes: 60, maximumCalls: 12}', // 21
  '  saasAdmin: {maximumHours: 4, access: [read-only], databases: any}', // 22
  '  regions: [eu-frankfurt-1]', // 23
  '  probes: {intervalSeconds: 10, confirmAfterSeconds: 120, giveUpAfterMinutes: 15}', // 24
  '  signers: {fingerprints: [], needed: 0}', // 25
]
const GOOD = LINES.join('\n') + '\n'

/** GOOD with line `number` (from 1) replaced. */
const line = (number: number, by: string): string => LINES.map((old, at) => (at === number - 1 ? by : old)).join('\n') + '\n'
const say = (text: string, name?: string): string => refusal(() => parseCustodyYaml(text, name)).message

test('what is not said has a sensible value', () => {
  expect(parseCustodyYaml(GOOD)).toMatchObject({
    generations: 4,
    keySize: 4096,
    paper: 'A4',
    drillEveryDays: 91,
    custodians: [{ number: 1, name: 'Ada', openpgpKey: null, copies: [{ bag: null }] }, { number: 2 }],
  })
})

test('code and hint', () => {
  expect(refusal(() => parseCustodyYaml('format: 2'))).toMatchObject({ code: 'CONFIG_INVALID', hint: 'ceremony/custody.yaml is a complete example with every setting explained.' })
})

describe('unknown settings, at any depth', () => {
  test.each([
    [GOOD + 'colour: red\n', 'custody.yaml:26:9: colour: is not a setting of custody.yaml'],
    [line(2, 'owner: {team: T, contact: C, email: x}'), 'custody.yaml:2:37: owner.email: is not a setting of custody.yaml'],
    [line(11, '    name: Ada\n    title: Countess'), 'custody.yaml:12:12: custodians[0].title: is not a setting of custody.yaml'],
    [line(17, '      - {copy: 1, holder: Grace, phone: "2", place: safe, room: 7}'), 'custody.yaml:17:65: custodians[1].copies[0].room: is not a setting of custody.yaml'],
    [line(21, '  warrant: {defaultMinutes: 30, maximumMinutes: 60, maximumCalls: 12, force: true}'), 'custody.yaml:21:78: rules.warrant.force: is not a setting of custody.yaml'],
    [GOOD + '__proto__: {format: 1}\n', 'custody.yaml:26:12: __proto__: is not a setting of custody.yaml'],
  ])('%#', (text, message) => {
    expect(say(text)).toBe(message)
  })
})

describe('wrong values', () => {
  test.each([
    [line(1, 'format: 2'), 'custody.yaml:1:9: format: Invalid input: expected 1'],
    [line(8, 'threshold: two'), 'custody.yaml:8:12: threshold: Invalid input: expected number, received string'],
    [line(8, 'threshold: 2.5'), 'custody.yaml:8:12: threshold: must be a whole number'],
    [line(8, 'threshold: 1'), 'custody.yaml:8:12: threshold: must be at least 2: one custodian alone must not be able to act'],
    [line(3, 'tenancy: ocid1.user.oc1..aaaa'), 'custody.yaml:3:10: tenancy: must be the OCID of a tenancy (ocid1.tenancy.…)'],
    [line(6, 'homeRegion: Frankfurt'), 'custody.yaml:6:13: homeRegion: must be a region such as eu-frankfurt-1'],
    [line(5, 'realm: commercial'), 'custody.yaml:5:8: realm: must be a realm such as oc1'],
    [line(11, '    name: ""'), 'custody.yaml:11:11: custodians[0].name: must not be empty'],
    [line(11, `    name: ${'x'.repeat(61)}`), 'custody.yaml:11:11: custodians[0].name: must be at most 60 characters'],
    [line(11, '    name: "A\\u001bB"'), 'custody.yaml:11:11: custodians[0].name: must be one line without control characters'],
    [line(16, '    copies: []').replace(/\n {6}- \{copy: 1, holder: Grace.*/, ''), 'custody.yaml:16:13: custodians[1].copies: at least one copy of each share must exist'],
    [line(19, '  useCases: []').replace(/\n {4}- \{id: drill.*/, ''), 'custody.yaml:19:13: rules.useCases: at least one use case, or the key could never be used'],
    [GOOD + 'generations: 1\n', 'custody.yaml:26:14: generations: must be at least 2: a key needs a successor'],
    [GOOD + 'keySize: 1024\n', 'custody.yaml:26:10: keySize: Invalid input'],
  ])('%#', (text, message) => {
    expect(say(text)).toBe(message)
  })

  test('a missing setting is named where it should be', () => {
    expect(say(line(8, ''))).toBe('custody.yaml:1:1: threshold: is missing')
    expect(say(line(11, ''))).toBe('custody.yaml:10:5: custodians[0].name: is missing')
  })

  test('all complaints at once, a line each', () => {
    expect(say(line(8, 'threshold: 1').replace('realm: oc1', 'realm: x'))).toBe(
      'custody.yaml:5:8: realm: must be a realm such as oc1\ncustody.yaml:8:12: threshold: must be at least 2: one custodian alone must not be able to act',
    )
  })

  test('bounds', () => {
    const threshold = (value: number): string => line(8, `threshold: ${value}`)
    expect(parseCustodyYaml(threshold(2)).threshold).toBe(2)
    expect(say(threshold(33))).toBe('custody.yaml:8:12: threshold: must be at most 32')
    expect(parseCustodyYaml(GOOD + 'generations: 8\n').generations).toBe(8)
    expect(say(GOOD + 'generations: 9\n')).toBe('custody.yaml:26:14: generations: Too big: expected number to be <=8')
    expect(parseCustodyYaml(line(11, `    name: ${'x'.repeat(60)}`)).custodians[0]?.name).toHaveLength(60)
  })
})

describe('what does not fit together', () => {
  test.each([
    [line(8, 'threshold: 3'), 'custody.yaml:8:12: threshold: is 3, but there are only 2 custodians'],
    [line(14, '  - number: 3'), 'custody.yaml:14:13: custodians[1].number: must be 2: custodians are numbered in order'],
    [line(15, '    name: Ada'), 'custody.yaml:15:11: custodians[1].name: "Ada" is listed twice; one person must not hold two shares'],
    [line(17, '      - {copy: 2, holder: Grace, phone: "2", place: safe}'), 'custody.yaml:17:16: custodians[1].copies[0].copy: must be 1: copies are numbered in order'],
    [line(7, 'regions: [eu-amsterdam-1]').replace('  regions: [eu-frankfurt-1]', '  regions: [eu-amsterdam-1]'), 'custody.yaml:7:10: regions: must contain the home region eu-frankfurt-1'],
    [line(5, 'realm: oc99').replace('ocid1.tenancy.oc1.', 'ocid1.tenancy.oc99.').replace('ocid1.user.oc1.', 'ocid1.user.oc99.'), 'custody.yaml:5:8: realm: is oc99, whose hosts this version of glasskey does not know: no key of it could ever be used'],
    [line(5, 'realm: oc2'), 'custody.yaml:5:8: realm: is oc2, but the OCID of the tenancy is of realm oc1'],
    [line(3, 'tenancy: ocid1.tenancy.oc2..aaaa'), 'custody.yaml:5:8: realm: is oc1, but the OCID of the tenancy is of realm oc2\ncustody.yaml:4:7: user: is an OCID of realm oc1, but that of the tenancy is of realm oc2'],
    [line(4, 'user: ocid1.user.oc2..aaaa'), 'custody.yaml:4:7: user: is an OCID of realm oc2, but that of the tenancy is of realm oc1'],
    [line(7, 'regions: [eu-frankfurt-1, eu-amsterdam-1, eu-frankfurt-1]'), 'custody.yaml:7:43: regions[2]: eu-frankfurt-1 is listed twice'],
    [line(23, '  regions: [eu-frankfurt-1, eu-frankfurt-1]'), 'custody.yaml:23:29: rules.regions[1]: eu-frankfurt-1 is listed twice'],
    [line(11, '    name: "Ada \\ud83d"'), 'custody.yaml:11:11: custodians[0].name: must be Unicode text: it has half of a surrogate pair'],
    [line(23, '  regions: [eu-frankfurt-1, eu-paris-1]'), 'custody.yaml:23:29: rules.regions[1]: eu-paris-1 is not among regions'],
    [line(21, '  warrant: {defaultMinutes: 61, maximumMinutes: 60, maximumCalls: 12}'), 'custody.yaml:21:29: rules.warrant.defaultMinutes: must not be more than maximumMinutes'],
    [line(25, `  signers: {fingerprints: [${'A'.repeat(40)}, ${'A'.repeat(40)}], needed: 2}`), `custody.yaml:25:70: rules.signers.fingerprints[1]: ${'A'.repeat(40)} is listed twice; each signer counts once`],
    [line(25, '  signers: {fingerprints: [], needed: 1}'), 'custody.yaml:25:39: rules.signers.needed: asks for more signers than are listed'],
    [line(24, '  probes: {intervalSeconds: 1, confirmAfterSeconds: 120, giveUpAfterMinutes: 15}'), 'custody.yaml:24:29: rules.probes.intervalSeconds: must be at least 5: only 240 probes are signed for each region'],
    [line(24, '  probes: {intervalSeconds: 60, confirmAfterSeconds: 120, giveUpAfterMinutes: 1}'), 'custody.yaml:24:79: rules.probes.giveUpAfterMinutes: must be at least 2: 3 refusals in a row and one more after the confirmation time take 240 s, and no key would ever be proved dead'],
  ])('%#', (text, message) => {
    expect(say(text)).toBe(message)
  })
})

describe('YAML that is not taken', () => {
  test.each([
    ['a key twice', line(8, 'threshold: 2\nthreshold: 2'), 'custody.yaml:9:1: Map keys must be unique'],
    ['a key twice deep inside', line(2, 'owner: {team: T, team: U, contact: C}'), 'custody.yaml:2:18: Map keys must be unique'],
    ['an alias', line(11, '    name: &a Ada').replace('holder: Ada', 'holder: *a'), 'custody.yaml:13:27: aliases (*name) are not used in custody.yaml'],
    ['two documents', GOOD + '---\nformat: 1\n', 'custody.yaml:26:1: Source contains multiple documents; please use YAML.parseAllDocuments()'],
    ['nothing', '', 'custody.yaml:1:1: the document: Invalid input: expected object, received null'],
    ['a list', '- 1\n', 'custody.yaml:1:1: the document: Invalid input: expected object, received array'],
    ['JSON cut short', '{"format": 1', 'custody.yaml:1:13: Flow map must end with a }'],
  ])('%s', (_, text, message) => {
    expect(say(text)).toBe(message)
  })

  test('tabs for indentation', () => {
    expect(say(line(11, '\tname: Ada')).split('\n')[0]).toMatch(/^custody\.yaml:11:1: /)
  })

  test('a billion laughs end at the first alias', () => {
    const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefgh'.split('').map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'.charAt(at)}`).join(', ')}]`)].join('\n')
    const started = performance.now()
    expect(say(laughs)).toBe('custody.yaml:2:8: aliases (*name) are not used in custody.yaml')
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('256 KiB are read, one character more is not', () => {
    const filled = (characters: number): string => GOOD + '#'.repeat(characters - GOOD.length - 1) + '\n'
    expect(parseCustodyYaml(filled(256 * 1024)).format).toBe(1)
    expect(say(filled(256 * 1024 + 1))).toBe('custody.yaml: is over 256 KiB; this is not a custody.yaml')
  })

  test('the file is called as it is called', () => {
    expect(say(line(8, 'threshold: 1'), '/media/stick/custody.yaml')).toMatch(/^\/media\/stick\/custody\.yaml:8:12: threshold: /)
  })
})
