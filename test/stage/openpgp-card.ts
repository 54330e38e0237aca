/**
 * An OpenPGP card in a reader. The card itself is played here (OpenPGP Application on ISO Smart Card 3.4: one key to sign, one to
 * decrypt, a PIN that is counted); what stands before it is real: the reader's driver (vpcd), pcscd, scdaemon, gpg-agent and gpg.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { constants, createPrivateKey, createPublicKey, diffieHellman, privateDecrypt, privateEncrypt, sign, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readPrivateKey, type SecretKeyPacket } from 'openpgp'

/** The PIN of every card here. */
export const PIN = '123456'
const TRIES = 3

/** Where vpcd waits for its card; /etc/reader.conf.d/vpcd. */
const VPCD_PORT = 0x8c7b

/** Status words of ISO 7816-4. */
const SW = { done: '9000', wrongPin: '6982', blocked: '6983', notFound: '6a88', unknown: '6d00', noFile: '6a82' } as const

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** A data object in BER-TLV. */
function tlv(tag: string, ...parts: Uint8Array[]): Buffer {
  const value = Buffer.concat(parts)
  const { length } = value
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([hex(tag), Buffer.from(size), value])
}

/** What a card does with one of its keys. */
interface CardKey {
  fingerprint: string
  created: Date
  /** Algorithm attributes (C1 to C3). */
  attributes: Buffer
  /** The public half, as the card gives it (7F49). */
  published: Buffer
  work: (input: Buffer) => Buffer
}

const CURVES = {
  ed25519: { pkcs8: '302e020100300506032b657004220420', attributes: '16 2b06010401da470f01' },
  x25519: { pkcs8: '302e020100300506032b656e04220420', spki: '302a300506032b656e032100', attributes: '12 2b060104019755010501' },
} as const

/** A key of an OpenPGP private key, as a card has it. `purpose` decides what it does. */
function cardKey(packet: SecretKeyPacket | undefined, purpose: 'sign' | 'decrypt'): CardKey {
  if (!packet) throw new RangeError('cardKey: no such key')
  const [secret, open] = [packet.privateParams, packet.publicParams] as unknown as Record<string, Uint8Array>[]
  const about = { fingerprint: packet.getFingerprint().toUpperCase(), created: packet.created }
  if (secret?.['p'] && open?.['n']) {
    const key = rsaKey({ ...open, ...secret })
    const bits = open['n'].length * 8
    return {
      ...about,
      attributes: Buffer.from([1, bits >> 8, bits & 0xff, 0, 32, 0]),
      published: tlv('7f49', tlv('81', open['n']), tlv('82', open['e'] ?? new Uint8Array())),
      // The cipher text comes behind a byte for its padding; what is to be signed is a DigestInfo.
      work: purpose === 'sign' ? (input) => privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, input) : (input) => unpadded(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, input.subarray(1))),
    }
  }
  const point = Buffer.from(open?.['Q'] ?? []).subarray(1)
  const published = tlv('7f49', tlv('86', point))
  if (purpose === 'sign') {
    const key = createPrivateKey({ key: Buffer.concat([hex(CURVES.ed25519.pkcs8), secret?.['seed'] ?? new Uint8Array()]), format: 'der', type: 'pkcs8' })
    return { ...about, attributes: hex(CURVES.ed25519.attributes), published, work: (input) => sign(null, input, key) }
  }
  // OpenPGP writes the scalar of Curve25519 as a big-endian number.
  const key = createPrivateKey({ key: Buffer.concat([hex(CURVES.x25519.pkcs8), Buffer.from(secret?.['d'] ?? []).reverse()]), format: 'der', type: 'pkcs8' })
  return {
    ...about,
    attributes: hex(CURVES.x25519.attributes),
    published,
    // A6 { 7F49 { 86 { the other point } } }
    work: (input) => diffieHellman({ privateKey: key, publicKey: createPublicKey({ key: Buffer.concat([hex(CURVES.x25519.spki), input.subarray(-32)]), format: 'der', type: 'spki' }) }),
  }
}

function rsaKey(of: Record<string, Uint8Array>): KeyObject {
  const number = (name: string): bigint => BigInt(`0x${Buffer.from(of[name] ?? []).toString('hex') || '0'}`)
  const [d, p, q] = [number('d'), number('p'), number('q')]
  const word = (value: bigint): string => Buffer.from(value.toString(16).padStart(2 * Math.ceil(value.toString(16).length / 2), '0'), 'hex').toString('base64url')
  // OpenPGP's u is the inverse of p mod q; JWK wants that of q mod p: with the primes exchanged it is the same number.
  const jwk = { kty: 'RSA', n: word(number('n')), e: word(number('e')), d: word(d), p: word(q), q: word(p), dp: word(d % (q - 1n)), dq: word(d % (p - 1n)), qi: word(number('u')) }
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

/** PKCS #1 v1.5, block type 2. */
function unpadded(block: Buffer): Buffer {
  return block.subarray(block.indexOf(0, 2) + 1)
}

/** A card with somebody's keys on it. */
export class OpenpgpCard {
  readonly #sign: CardKey
  readonly #decrypt: CardKey
  readonly #serial: string
  #triesLeft = TRIES
  /** 81: one signature; 82: anything else. */
  readonly #open = new Set<number>()

  private constructor(signing: CardKey, decrypting: CardKey, serial: string) {
    this.#sign = signing
    this.#decrypt = decrypting
    this.#serial = serial
  }

  /** A card with the keys of an armoured private key without a passphrase. `serial`: eight hex digits. */
  static async of(privateKey: string, serial: string): Promise<OpenpgpCard> {
    const key = await readPrivateKey({ armoredKey: privateKey })
    return new OpenpgpCard(cardKey(key.keyPacket as SecretKeyPacket, 'sign'), cardKey(key.subkeys[0]?.keyPacket as SecretKeyPacket | undefined, 'decrypt'), serial)
  }

  /** Wrong PINs that it still takes. */
  get triesLeft(): number {
    return this.#triesLeft
  }

  powerUp(): void {
    this.#open.clear()
  }

  /** Answers one command APDU, short or extended. */
  answer(apdu: Buffer): Buffer {
    const [, instruction = 0, p1 = 0, p2 = 0] = apdu
    const [data, status] = this.#obey(instruction, p1, p2, dataOf(apdu))
    return Buffer.concat([data, hex(status)])
  }

  #obey(instruction: number, p1: number, p2: number, data: Buffer): [Buffer, string] {
    const nothing = Buffer.alloc(0)
    switch (instruction) {
      case 0xa4: // SELECT
        return [nothing, p1 === 4 && hex('d27600012401').equals(data) ? SW.done : SW.noFile]
      case 0xca: { // GET DATA
        const found = this.#objects().get(p1 * 256 + p2)
        return found ? [found, SW.done] : [nothing, SW.notFound]
      }
      case 0x47: { // GENERATE ASYMMETRIC KEY PAIR, reading
        const key = data[0] === 0xb6 ? this.#sign : data[0] === 0xb8 ? this.#decrypt : undefined
        return key ? [key.published, SW.done] : [nothing, SW.notFound]
      }
      case 0x20: // VERIFY
        return [nothing, this.#verify(p2, data)]
      case 0x2a: { // PERFORM SECURITY OPERATION
        const [key, reference] = p1 === 0x9e ? [this.#sign, 0x81] : [this.#decrypt, 0x82]
        if (!this.#open.has(reference)) return [nothing, SW.wrongPin]
        if (reference === 0x81) this.#open.delete(reference)
        return [key.work(data), SW.done]
      }
      default:
        return [nothing, SW.unknown]
    }
  }

  #verify(reference: number, pin: Buffer): string {
    if (this.#triesLeft === 0) return SW.blocked
    if (pin.length === 0) return this.#open.has(reference) ? SW.done : `63c${this.#triesLeft}`
    if (pin.toString() === PIN) {
      this.#triesLeft = TRIES
      this.#open.add(reference)
      return SW.done
    }
    this.#triesLeft -= 1
    return this.#triesLeft === 0 ? SW.blocked : SW.wrongPin
  }

  /** Data objects that can be read, by tag. */
  #objects(): Map<number, Buffer> {
    const keys = [this.#sign, this.#decrypt]
    const each = (size: number, of: (key: CardKey) => Buffer): Buffer => Buffer.concat([...keys.map(of), Buffer.alloc(size)])
    const time = ({ created }: CardKey): Buffer => {
      const seconds = Buffer.alloc(4)
      seconds.writeUInt32BE(created.getTime() / 1000)
      return seconds
    }
    const plain: [string, Buffer][] = [
      ['4f', hex(`d276000124 01 0304 ffff ${this.#serial} 0000`)],
      ['5f52', hex('00 31c5 73c0 01 40 05 9000')],
      ['c0', hex('00 00 0000 0000 00ff 00 00')],
      ['c1', this.#sign.attributes],
      ['c2', this.#decrypt.attributes],
      ['c3', this.#sign.attributes],
      ['c4', Buffer.from([1, 32, 32, 32, this.#triesLeft, 0, TRIES])],
      ['c5', each(20, ({ fingerprint }) => hex(fingerprint))],
      ['c6', Buffer.alloc(60)],
      ['cd', each(4, time)],
      ['5b', Buffer.from('Custodian<<Test')],
      ['5f2d', Buffer.from('en')],
      ['5f35', Buffer.from('9')],
      ['93', Buffer.alloc(3)],
      ['7f66', Buffer.concat([tlv('02', hex('0800')), tlv('02', hex('0800'))])],
    ]
    const made = (...tags: string[]): Buffer => Buffer.concat(plain.filter(([tag]) => tags.includes(tag)).map(([tag, value]) => tlv(tag, value)))
    const whole: [string, Buffer][] = [
      ['6e', Buffer.concat([made('4f', '5f52', '7f66'), tlv('73', made('c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'cd'))])],
      ['65', made('5b', '5f2d', '5f35')],
      ['7a', made('93')],
    ]
    return new Map([...plain, ...whole.map(([tag, value]): [string, Buffer] => [tag, tlv(tag, value)])].map(([tag, value]) => [Number.parseInt(tag, 16), value]))
  }
}

/** The data of a command, ISO 7816-4 section 5.1: Lc in one byte, or in three of which the first is 0. */
function dataOf(apdu: Buffer): Buffer {
  if (apdu.length <= 5) return Buffer.alloc(0)
  if (apdu[4] !== 0) return apdu.subarray(5, 5 + (apdu[4] ?? 0))
  return apdu.length <= 7 ? Buffer.alloc(0) : apdu.subarray(7, 7 + apdu.readUInt16BE(5))
}

/** One reader of this machine, with pcscd behind it. Cards are put in and taken out. */
export class CardReader {
  readonly #daemon: ChildProcess | null
  #card: Socket | null = null

  private constructor(daemon: ChildProcess | null) {
    this.#daemon = daemon
  }

  /** Starts pcscd, or takes the one that runs. */
  static async open(): Promise<CardReader> {
    const running = new CardReader(null)
    if (await running.#reach()) return running
    const daemon = spawn('pcscd', ['--foreground'], { stdio: 'ignore' })
    const reader = new CardReader(daemon)
    for (let waited = 0; waited < 200 && daemon.exitCode === null; waited += 1) {
      if (await reader.#reach()) return reader
      await new Promise((again) => setTimeout(again, 50))
    }
    daemon.kill()
    throw new Error('pcscd did not come up with its virtual reader (vsmartcard-vpcd); does one run without it?')
  }

  async insert(card: OpenpgpCard): Promise<void> {
    this.remove()
    const socket = await dial()
    this.#card = socket
    let waiting = Buffer.alloc(0)
    let noticed = (): void => undefined
    const seen = new Promise<void>((done) => (noticed = done))
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk])
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const message = waiting.subarray(2, 2 + waiting.readUInt16BE(0))
        waiting = waiting.subarray(2 + message.length)
        const said = message.length === 1 ? control(card, message[0]) : card.answer(message)
        if (message[0] === ATR_WANTED) noticed()
        if (said) socket.write(Buffer.concat([Buffer.from([said.length >> 8, said.length & 0xff]), said]))
      }
    })
    await seen
    // pcscd tells others a little later.
    await new Promise((told) => setTimeout(told, 500))
  }

  remove(): void {
    this.#card?.destroy()
    this.#card = null
  }

  close(): void {
    this.remove()
    this.#daemon?.kill()
  }

  async #reach(): Promise<boolean> {
    try {
      ;(await dial()).destroy()
      return true
    } catch (error) {
      if (error instanceof Error) return false
      throw error
    }
  }
}

/** What vpcd says, in a message of one byte, when it wants to know which card it has. */
const ATR_WANTED = 4

/** Off, on, reset, and what the card says when it is switched on: an ATR for T=1 with the same historical bytes as 5F52. */
function control(card: OpenpgpCard, command: number | undefined): Buffer | null {
  if (command === ATR_WANTED) return hex('3b da 18 ff 81 b1 fe 75 1f 03 00 31 c5 73 c0 01 40 05 90 00 09')
  card.powerUp()
  return null
}

function dial(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: VPCD_PORT })
    socket.once('connect', () => {
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

const run = promisify(execFile)

/** How often a card is looked for that was just put in. */
const MEETINGS = 20

const PINENTRY = `#!/bin/sh
home=\$(dirname "\$0")
echo OK
while read -r word rest; do
  echo "\$word \$rest" >>"\$home/asked"
  case \$word in
    GETPIN) echo "D \$(cat "\$home/pin")"; echo OK;;
    CONFIRM) echo "ERR 83886179 Operation cancelled <Pinentry>";;
    BYE) echo OK; exit;;
    *) echo OK;;
  esac
done
`

/** The keyring of somebody whose keys are on a card; a pinentry of its own types the PIN. */
export class CardKeyring {
  readonly home = mkdtempSync(join(tmpdir(), 'glasskey-card-'))

  /** @param publicKey armoured */
  constructor(publicKey: string) {
    writeFileSync(join(this.home, 'public.asc'), publicKey)
    writeFileSync(join(this.home, 'scdaemon.conf'), 'disable-ccid\n')
    writeFileSync(join(this.home, 'gpg-agent.conf'), `pinentry-program ${join(this.home, 'pinentry')}\n`)
    // What gpg-agent says to a pinentry, and is answered (Assuan). Asked for another card, this person has none, and cancels.
    writeFileSync(join(this.home, 'pinentry'), PINENTRY, { mode: 0o755 })
    this.type(PIN)
  }

  /** The PIN that is typed from now on. */
  type(pin: string): void {
    writeFileSync(join(this.home, 'pin'), pin)
  }

  /** What its owner was asked to do: the descriptions that gpg-agent wanted shown. */
  get asked(): string {
    return readFileSync(join(this.home, 'asked'), 'utf8').split('\n').filter((line) => line.startsWith('SETDESC ')).map((line) => decodeURIComponent(line.slice(8))).join('\n')
  }

  /** Runs gpg; not synchronously, because the card answers from this process. */
  async gpg(...args: string[]): Promise<string> {
    return (await run('gpg', ['--batch', '--quiet', ...args], { env: this.#env })).stdout
  }

  /** What a person does once with a new card: the public key is imported, and the card looked at. */
  async meet(): Promise<void> {
    await this.gpg('--import', join(this.home, 'public.asc'))
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.gpg('--card-status')
        return
      } catch (error) {
        if (attempt === MEETINGS) throw error
        await new Promise((again) => setTimeout(again, 500))
      }
    }
  }

  /** Ends the agent, and with it what it remembers; what was asked is forgotten too. */
  async leave(): Promise<void> {
    await run('gpgconf', ['--kill', 'all'], { env: this.#env })
    rmSync(join(this.home, 'asked'), { force: true })
  }

  get #env(): Record<string, string> {
    return { PATH: process.env['PATH'] ?? '', GNUPGHOME: this.home, LC_ALL: 'C' }
  }
}
