/** One fault per vector, and what a reader must say to it. Expectations are written by hand, never recorded. */
import { bech32m } from '@scure/base'
import { canonicalJson, sha256Hex } from '../../src/canonical.js'
import { envelopeText, headerFor, seal, type EnvelopeHeader } from '../../src/custody/envelope.js'
import { toParts } from '../../src/custody/paper-parts.js'
import { parseShareText, shareToText, type ShareFields } from '../../src/custody/share-text.js'
import { chainLine } from '../../src/record/chain.js'
import { changed } from './story.js'
import { envelopeOf, manifestOf, privateKeyOf, sealSecretOf, secretsOf, SESSIONS, vectorText, type Fault } from './frozen.js'

/** All faults, by the kind of thing that is read. They are faults of generation 2, which is in use. */
export async function allFaults(): Promise<Record<string, Fault[]>> {
  return {
    shares: shareFaults(),
    quorums: quorumFaults(),
    envelopes: await envelopeFaults(),
    parts: partFaults(),
    manifests: manifestFaults(),
    rules: rulesFaults(),
    'custody-yaml': custodyFaults(),
    warrants: warrantFaults(),
    journals: journalFaults(),
    logbooks: logbookFaults(),
  }
}

const text = (custodian: number, generation = 2): string => secretsOf(generation).shareTexts[custodian - 1] ?? ''
const fields = (custodian: number, generation = 2): ShareFields => parseShareText(text(custodian, generation))

/** `original` with the character at `at` replaced by another of the alphabet. */
function withWrong(original: string, at: number): string {
  return original.slice(0, at) + (original.charAt(at) === 'Q' ? 'P' : 'Q') + original.slice(at + 1)
}

/** A share text over any payload. */
function encode(payload: Uint8Array, prefix = 'gkr'): string {
  return bech32m.encode(prefix, bech32m.toWords(payload), 200).toUpperCase()
}

function payload(of: string): Uint8Array {
  return bech32m.fromWords(bech32m.decode(of.toLowerCase() as `gkr1${string}`, 90).words)
}

function shareFaults(): Fault[] {
  const good = text(1)
  const { keyId } = manifestOf(2)
  const swap = [...Array(60).keys()].find((at) => at > 20 && good.charAt(at) !== good.charAt(at + 1)) ?? 0
  const version2 = payload(good).slice()
  version2[0] = 2
  const otherX = { ...fields(2), custodian: 2, bytes: fields(2).bytes.slice() }
  otherX.bytes[32] = 0
  const otherY = { ...fields(2), bytes: fields(2).bytes.slice() }
  otherY.bytes[7] = (otherY.bytes[7] ?? 0) ^ 1
  const misread = (name: string, input: string, message: string): Fault => ({ name, input, code: 'SHARE_MISREAD', message })
  return [
    misread('one wrong character in group 11', withWrong(good, 41), 'misread: group 11 looks wrong'),
    misread('two neighbours swapped', good.slice(0, swap) + good.charAt(swap + 1) + good.charAt(swap) + good.slice(swap + 2), `misread: group ${Math.floor(swap / 4) + 1} looks wrong`),
    misread('two wrong characters', withWrong(withWrong(good, 20), 60), 'misread: the checksum does not fit, in more than one place'),
    misread('one character missing', good.slice(0, 30) + good.slice(31), 'misread: 1 character is missing (a sheet has 82)'),
    misread('two characters too many', good.slice(0, 30) + 'QP' + good.slice(30), 'misread: 2 characters are too many (a sheet has 82)'),
    misread('a character that bech32m has not', good.slice(0, 30) + 'B' + good.slice(31), 'misread: "B" in group 8 is never used on a sheet'),
    misread('a 1 in the data', good.slice(0, 30) + '1' + good.slice(31), 'misread: "1" in group 8 is never used on a sheet'),
    misread('another prefix', 'BC' + good.slice(3), 'this is not a glasskey share: the text of a share begins with GK1 or GKR1'),
    misread('the real prefix on the data of a practice sheet', 'GK' + good.slice(3), 'misread: the checksum does not fit, in more than one place'),
    misread('44 bytes, checksum right', encode(payload(good).slice(0, 44)), 'a share holds 45 bytes, this text 44'),
    misread('46 bytes, checksum right', encode(new Uint8Array([...payload(good), 0])), 'a share holds 45 bytes, this text 46'),
    { name: 'a later version', input: encode(version2), code: 'SHARE_VERSION', message: 'this share has format version 2; this glasskey reads version 1' },
    { name: 'a real sheet in a rehearsal', input: shareToText({ ...fields(1), rehearsal: false }), code: 'SHARE_REAL_IN_REHEARSAL', message: 'this is a REAL sheet (GK), and this is a rehearsal' },
    { name: 'an earlier generation', input: text(3, 1), code: 'SHARE_OTHER_GENERATION', message: 'the sheet of custodian 3 (Željko Đurić) is of GENERATION 1: that key is dead' },
    { name: 'a later generation', input: text(1, 3), code: 'SHARE_OTHER_GENERATION', message: 'the sheet of custodian 1 (Ada Lovelace) is of GENERATION 3: that key is not in use yet' },
    { name: 'a key of nobody', input: shareToText({ ...fields(1), keyId: '0123456789abcdef' }), code: 'SHARE_OTHER_KEY', message: 'the sheet is of key 0123456789abcdef, which is not in this custody folder' },
    { name: 'another threshold', input: shareToText({ ...fields(1), threshold: 3 }), code: 'SHARE_OTHER_SET', message: 'the sheet of custodian 1 (Ada Lovelace) says 3 of 3, the manifest 2 of 3' },
    { name: 'another number of shares', input: shareToText({ ...fields(1), shares: 4 }), code: 'SHARE_OTHER_SET', message: 'the sheet of custodian 1 (Ada Lovelace) says 2 of 4, the manifest 2 of 3' },
    { name: 'a number out of range', input: shareToText({ ...fields(1), custodian: 4 }), code: 'SHARE_NUMBER', message: 'there is no custodian 4: this set has 3' },
    { name: 'x = 0', input: shareToText(otherX), code: 'SHARE_ZERO_X', message: 'the sheet of custodian 2 (Grace Hopper) has x = 0, which no ceremony prints: it is forged' },
    { name: 'one bit of the share changed, checksum right', input: shareToText(otherY), code: 'SHARE_COMMITMENT', message: 'the sheet of custodian 2 (Grace Hopper) is not the one that the manifest promised' },
    { name: `the share of another custodian under this number, key id ${keyId}`, input: shareToText({ ...fields(1), custodian: 2 }), code: 'SHARE_COMMITMENT', message: 'the sheet of custodian 2 (Grace Hopper) is not the one that the manifest promised' },
  ]
}

function quorumFaults(): Fault[] {
  return [
    { name: 'no share', input: '', code: 'QUORUM_NOT_REACHED', message: '0 of 2 shares; 2 more needed.' },
    { name: 'one share too few', input: text(3), code: 'QUORUM_NOT_REACHED', message: '1 of 2 shares; 1 more needed.' },
    { name: 'the same sheet twice', input: `${text(1)}\n${text(1)}`, code: 'SHARE_TWICE', message: 'the share of custodian 1 (Ada Lovelace) was given already: copies count once' },
  ]
}

async function envelopeFaults(): Promise<Fault[]> {
  const good = envelopeOf(2)
  const manifest = manifestOf(2)
  const header = headerFor(manifest, { fingerprints: [], needed: 0 })
  const pemOf = async (generation: number): Promise<Uint8Array> => new Uint8Array(Buffer.from((await privateKeyOf(generation)).export({ type: 'pkcs8', format: 'pem' }) as string))
  const pem = await pemOf(2)
  const date = new Date('2026-11-19T09:00:00Z')
  const plain = Buffer.from(envelopeText(header, pem)).toString()
  const sealed = async (plaintext: string | Uint8Array, secret = sealSecretOf(2)): Promise<string> => Buffer.from(await seal(typeof plaintext === 'string' ? new TextEncoder().encode(plaintext) : plaintext, secret, date)).toString('base64')
  const invalid = (name: string, input: string, what: string): Fault => ({ name, input, code: 'ENVELOPE_INVALID', message: `the envelope does not open: ${what}` })
  const damaged = 'the shares do not open it, or it is damaged'
  const flipped = good.slice()
  flipped[good.length >> 1] = (flipped[good.length >> 1] ?? 0) ^ 1
  const altered = async (name: string, change: Partial<EnvelopeHeader>): Promise<Fault> => ({
    name: `header and manifest disagree about ${name}`,
    input: await sealed(envelopeText({ ...header, ...change }, pem)),
    code: 'FOLDER_ALTERED',
    message: `the custody folder was altered: the sheets are sealed with another ${name} than manifest.json of generation 2 says`,
  })
  return [
    invalid('sealed under another secret', await sealed(plain, sealSecretOf(1)), damaged),
    invalid('the last byte is missing', Buffer.from(good.slice(0, -1)).toString('base64'), damaged),
    invalid('one bit is flipped', Buffer.from(flipped).toString('base64'), damaged),
    invalid('nothing', '', damaged),
    invalid('inflates to a megabyte', await sealed(new Uint8Array(1024 * 1024)), damaged),
    invalid('no label', await sealed(plain.replace('OCI_API_KEY\n', '')), 'its contents are not header, key and label'),
    invalid('CRLF line ends', await sealed(plain.replaceAll('\n', '\r\n')), 'its contents are not header, key and label'),
    invalid('header version 2', await sealed(plain.replace('glasskey: 1\n', 'glasskey: 2\n')), 'it has header version "2", and this glasskey reads version 1'),
    invalid('a header line more', await sealed(plain.replace('\n\n', '\nnote: x\n\n')), 'its header has 16 lines, not 15'),
    invalid('two header lines swapped', await sealed(plain.replace(/^(user: .*)\n(home-region: .*)$/m, '$2\n$1')), 'header line 6 should be "user"'),
    invalid('the threshold is a word', await sealed(plain.replace('threshold: 2', 'threshold: two')), 'its header has no number for threshold'),
    invalid('rehearsal is neither true nor false', await sealed(plain.replace('rehearsal: true', 'rehearsal: yes')), 'its header does not say whether it is a rehearsal'),
    invalid('the key is not PEM', await sealed(plain.replace('BEGIN PRIVATE KEY', 'BEGIN PRIVATE KEI')), 'the key in it cannot be read'),
    invalid('another key under this header', await sealed(envelopeText(header, await pemOf(1))), `its header names key ${manifest.keyId}, but the key in it is ${manifestOf(1).keyId}`),
    await altered('generation', { generation: 3 }),
    await altered('rehearsal', { rehearsal: false }),
    await altered('tenancy', { tenancy: manifest.tenancy.replace('aaaa', 'bbbb') }),
    await altered('user', { user: manifest.user.replace('aaaa', 'bbbb') }),
    await altered('home-region', { homeRegion: 'eu-amsterdam-1' }),
    await altered('threshold', { threshold: 3 }),
    await altered('shares', { shares: 4 }),
    await altered('manifest-sha256', { manifestSha256: '0'.repeat(64) }),
    await altered('rules-sha256', { rulesSha256: '0'.repeat(64) }),
    await altered('successor-spki-sha256', { successorSpkiSha256: null }),
  ]
}

function partFaults(): Fault[] {
  const { keyId } = manifestOf(2)
  const good = toParts('GKE1', keyId, envelopeOf(2), 500)
  const [one = '', two = '', three = '', ...others] = good
  const total = good.length
  const unreadable = (name: string, texts: readonly string[], message: string): Fault => ({ name, input: texts.join('\n'), code: 'SCAN_UNREADABLE', message })
  return [
    unreadable('nothing', [], `no envelope of key ${keyId} was read`),
    unreadable('part 2 missing', [three, one, ...others], `of the envelope of key ${keyId}, part 2 of ${total} was not read`),
    unreadable('parts 1 and 3 missing', [two, ...others], `of the envelope of key ${keyId}, part 1, 3 of ${total} was not read`),
    unreadable('part 2 twice, differently', [...good, two.slice(0, -8) + 'AAAAAAAA'], `two sheets of key ${keyId} disagree about part 2`),
    unreadable('another number of parts', [one, `${two.slice(0, 24)}${total + 1}${two.slice(25)}`], `two sheets of key ${keyId} disagree about part 2`),
    unreadable('a slice that is not base32', [one.slice(0, -1) + '1'], 'a page code is damaged'),
    unreadable('a slice cut short', [one.slice(0, -2)], `part 1 of ${total} is damaged`),
    unreadable('part 5 of 4', [`GKE1/${keyId.toUpperCase()}/5/4/AAAAAAAA`], 'part 5 of 4 cannot be'),
    unreadable('part 0', [`GKE1/${keyId.toUpperCase()}/0/4/AAAAAAAA`], 'a page code is damaged'),
  ]
}

function manifestFaults(): Fault[] {
  const good = vectorText('custody/generations/2/manifest.json')
  const invalid = (name: string, input: string, what: string): Fault => ({ name, input, code: 'MANIFEST_INVALID', message: `manifest.json: ${what}` })
  const field = (name: string, change: (value: Record<string, unknown>) => void, what: string): Fault => invalid(name, changed(good, change), what)
  const shares = (value: Record<string, unknown>): Record<string, unknown>[] => value['shares'] as Record<string, unknown>[]
  const other = manifestOf(1)
  return [
    invalid('cut short', good.slice(0, -10), 'is not JSON'),
    invalid('no final newline', good.slice(0, -1), 'is not in canonical form (RFC 8785, one final newline)'),
    invalid('indented', JSON.stringify(JSON.parse(good), null, 2) + '\n', 'is not in canonical form (RFC 8785, one final newline)'),
    invalid('a name twice', good.replace('"format":1,', '"format":1,"format":1,'), 'is not in canonical form (RFC 8785, one final newline)'),
    field('format 2', (value) => (value['format'] = 2), 'format: Invalid input: expected 1'),
    field('a field more', (value) => (value['note'] = 'x'), 'the document: Unrecognized key: "note"'),
    field('key id of another key', (value) => (value['keyId'] = other.keyId), 'keyId is not that of publicKeyPem'),
    field('digest of another key', (value) => (value['spkiSha256'] = other.spkiSha256), 'spkiSha256 is not that of publicKeyPem'),
    field('fingerprint of another key', (value) => (value['fingerprint'] = other.fingerprint), 'fingerprint is not that of publicKeyPem'),
    field('publicKeyPem with CRLF', (value) => (value['publicKeyPem'] = String(value['publicKeyPem']).replaceAll('\n', '\r\n')), 'publicKeyPem is not that of publicKeyPem'),
    field('publicKeyPem is no key', (value) => (value['publicKeyPem'] = 'none'), 'publicKeyPem is not a public key'),
    field('threshold 1', (value) => (value['threshold'] = 1), 'threshold: Too small: expected number to be >=2'),
    field('threshold above the number of shares', (value) => (value['threshold'] = 4), 'threshold is larger than the number of shares'),
    field('custodians out of order', (value) => shares(value).reverse(), 'shares[0].custodian must be 1'),
    field('a custodian twice', (value) => ((shares(value)[2] ?? {})['custodian'] = 2), 'shares[2].custodian must be 3'),
    field('a moment that does not exist', (value) => (value['created'] = '2026-02-31T00:00:00.000Z'), 'created: must be a moment that exists'),
  ]
}

function rulesFaults(): Fault[] {
  const good = vectorText('custody/generations/2/rules.json')
  const altered = (name: string, input: string, what: string): Fault => ({ name, input, code: 'FOLDER_ALTERED', message: `rules.json ${what}` })
  return [
    altered('more hours', changed(good, (value) => ((value['saasAdmin'] as Record<string, unknown>)['maximumHours'] = 24)), 'is not what this generation was sealed with'),
    altered('another use case', changed(good, (value) => (value['useCases'] = [{ id: 'curiosity', title: 'x', actions: ['saas-admin'] }])), 'is not what this generation was sealed with'),
    altered('a rule more', changed(good, (value) => (value['anything'] = true)), 'the document: Unrecognized key: "anything"'),
    altered('a name twice', good.replace('"defaultMinutes":30,', '"defaultMinutes":5,"defaultMinutes":30,'), 'is not in canonical form (RFC 8785, one final newline)'),
    altered('not JSON', 'useCases: []\n', 'is not JSON'),
  ]
}

function custodyFaults(): Fault[] {
  const good = vectorText('custody/custody.yaml')
  const at = (needle: string): string => {
    const before = good.slice(0, good.indexOf(needle))
    return `${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`
  }
  const invalid = (name: string, input: string, message: string): Fault => ({ name, input, code: 'CONFIG_INVALID', message: message.replaceAll('@', 'custody.yaml:') })
  return [
    invalid('an unknown setting', good + 'retain: 3\n', `@${good.split('\n').length}:9: retain: is not a setting of custody.yaml`),
    invalid('threshold above the custodians', good.replace('threshold: 2', 'threshold: 4'), `@${at('2\n\n# One share')}: threshold: is 4, but there are only 3 custodians`),
    invalid('home region missing', good.replace('regions: [eu-frankfurt-1, eu-amsterdam-1]', 'regions: [eu-amsterdam-1]').replace('regions: [eu-frankfurt-1, eu-amsterdam-1]', 'regions: [eu-amsterdam-1]'), `@${at('[eu-frankfurt-1')}: regions: must contain the home region eu-frankfurt-1`),
    invalid('a setting twice', good.replace('threshold: 2', 'threshold: 2\nthreshold: 2'), `@${Number(at('threshold: 2').split(':')[0]) + 1}:1: Map keys must be unique`),
    invalid('an alias', good.replace('contact: "', 'contact: &who "').replace('name: "Ada Lovelace"', 'name: *who'), `@${at('"Ada Lovelace"')}: aliases (*name) are not used in custody.yaml`),
    invalid('one person twice', good.replace('name: "Grace Hopper"', 'name: "Ada Lovelace"'), `@${at('"Grace Hopper"')}: custodians[1].name: "Ada Lovelace" is listed twice; one person must not hold two shares`),
  ]
}

function warrantFaults(): Fault[] {
  const good = vectorText(`custody/sessions/${SESSIONS[1]}/warrant.json`)
  const invalid = (name: string, input: string, what: string): Fault => ({ name, input, code: 'WARRANT_INVALID', message: `warrant.json ${what}` })
  const field = (name: string, change: (value: Record<string, unknown>) => void, what: string): Fault => invalid(name, changed(good, change), what)
  return [
    invalid('cut short', good.slice(0, -2), 'is not JSON'),
    invalid('two final newlines', good + '\n', 'is not in canonical form (RFC 8785, one final newline)'),
    invalid('a name twice', good.replace('"calls":', '"calls":1,"calls":'), 'is not in canonical form (RFC 8785, one final newline)'),
    field('a field more', (value) => (value['admin'] = true), 'the document: Unrecognized key: "admin"'),
    field('an action that there is not', (value) => (value['action'] = { name: 'delete-everything' }), 'action.name: is not an action that this glasskey knows'),
    field('a line break in the reason', (value) => (value['reason'] = 'one\ntwo'), 'reason: must be one line without control characters'),
    field('a session id that is a path', (value) => (value['session'] = '../../20261120T040000Z-0a1b2c3d'), 'session: Invalid string: must match pattern /^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$/'),
    field('an endpoint with a path', (value) => (value['endpoints'] = { 'eu-frankfurt-1': 'http://127.0.0.1:1/x' }), 'endpoints.eu-frankfurt-1: must be an origin such as https://host or http://127.0.0.1:8080'),
    field('a deadline that never comes', (value) => (value['deadline'] = '2026-02-31T00:00:00.000Z'), 'deadline: must be a moment that exists'),
  ]
}

/** The chain of `lines`, written again from line `from` on (0-based): only its contents are false. */
function rechained(lines: readonly string[], from: number): string {
  const kept = lines.slice(0, from)
  let head = { seq: from, sha256: from === 0 ? '0'.repeat(64) : sha256Hex(kept[from - 1] ?? '') }
  const again = lines.slice(from).map((line) => {
    const fields = JSON.parse(line) as { type: string; at: string }
    const next = chainLine(head, fields.at, fields)
    head = next.head
    return next.text
  })
  return [...kept, ...again].map((line) => line + '\n').join('')
}

function chainFaults(good: string, name: string, kind: string): Fault[] {
  const lines = good.trimEnd().split('\n')
  const broken = (fault: string, changedLines: readonly string[], line: number, what: string): Fault => ({ name: fault, input: changedLines.map((entry) => entry + '\n').join(''), code: 'CHAIN_BROKEN', message: `${name}, line ${line}: ${what}` })
  const [first = '', second = '', third = '', ...others] = lines
  return [
    broken('a letter changed', [first.replace('glasskey 0.1.0', 'glasskey 0.1.1'), second, third, ...others], 2, 'does not follow from the line before it'),
    broken('a line taken out', [first, third, ...others], 2, 'has number 3 where 2 should be'),
    broken('two lines swapped', [first, third, second, ...others], 2, 'has number 3 where 2 should be'),
    broken('the first line taken out', [second, third, ...others], 1, 'has number 2 where 1 should be'),
    broken('a line twice', [first, second, second, third, ...others], 3, 'has number 2 where 3 should be'),
    broken('not canonical', [first, second.replace('{', '{ '), third, ...others], 2, 'is not in canonical form (RFC 8785)'),
    broken('an empty line', [first, '', second, third, ...others], 2, 'is not JSON'),
    broken('a type that there is not', [first, second.replace(/"type":"[^"]+"/, '"type":"miracle"'), third, ...others], 2, `type: is not a kind of ${kind} that this glasskey knows`),
    broken('a field more', [first, canonicalJson({ ...(JSON.parse(second) as Record<string, string>), zeal: 1 }), third, ...others], 2, 'the document: Unrecognized key: "zeal"'),
  ]
}

function journalFaults(): Fault[] {
  const good = vectorText(`custody/sessions/${SESSIONS[1]}/journal.jsonl`)
  const lines = good.trimEnd().split('\n')
  const at = (type: string): number => lines.findIndex((line) => line.includes(`"type":"${type}"`))
  const invalid = (name: string, input: string, what: string): Fault => ({ name, input, code: 'EVIDENCE_INVALID', message: `session ${SESSIONS[1]}: ${what}` })
  const rewritten = lines.map((line, index) => (index === at('action-ended') ? line.replace('SAAS_ADMIN enabled for 2 h', 'SAAS_ADMIN enabled for 1 h') : line))
  const signedAgain = rechained(rewritten, at('action-ended')).trimEnd().split('\n')
  const head = at('head-signed')
  const moved = signedAgain.map((line, index) => (index === head ? line.replace(/"of":"[0-9a-f]{64}"/, `"of":"${sha256Hex(signedAgain[head - 1] ?? '')}"`) : line))
  return [
    ...chainFaults(good, 'journal.jsonl', 'line'),
    invalid('rewritten and chained again; the signature is of the old head', rechained(rewritten, at('action-ended')), 'the last signature is not over the line before it'),
    invalid('rewritten, chained again, and the signed head replaced', rechained(moved, head), 'the last signature does not verify'),
    invalid('the signature taken out', rechained(lines.filter((_, index) => index !== head), head), 'the used key signed no journal head'),
  ]
}

function logbookFaults(): Fault[] {
  return chainFaults(vectorText('custody/logbook.jsonl'), 'logbook.jsonl', 'entry')
}

