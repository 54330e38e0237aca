/**
 * The packets of an OpenPGP message, by their headers alone. A reader unpacks compressed data and tries every key packet while it
 * still finds out what it was given: a few hundred bytes from anybody may cost gigabytes. So what is read is looked at first.
 */

/** Symmetrically encrypted and integrity protected data (RFC 9580, 5.13), and its version with an MDC, which GnuPG 2.2 reads. */
const DATA = { tag: 18, version: 1 } as const

/** The body of the one key packet, of kind `tag` (RFC 9580, 5), of a message that is made of it and of the data that it opens. Throws RangeError. */
export function keyPacketOf(message: Uint8Array, tag: number): Uint8Array {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const key = packetAt(bytes, 0)
  const data = packetAt(bytes, key.end)
  if (key.tag !== tag) throw new RangeError(`OpenPGP: its first packet is of kind ${key.tag}, not ${tag}`)
  if (data.tag !== DATA.tag || bytes[data.start] !== DATA.version) throw new RangeError('OpenPGP: its second packet is not version 1 of integrity protected data')
  if (data.end !== bytes.length) throw new RangeError('OpenPGP: something stands after its second packet')
  return bytes.subarray(key.start, key.end)
}

/** The packet whose header begins at `at`: new format, length in one, two or five bytes (RFC 9580, 4.2.1), never in pieces. */
function packetAt(bytes: Buffer, at: number): { tag: number; start: number; end: number } {
  const [header = 0, first = 255, second = 0] = bytes.subarray(at)
  const tag = header - 0xc0
  const whole = (start: number, length: number): { tag: number; start: number; end: number } => {
    if (tag < 0 || start + length > bytes.length) throw new RangeError('OpenPGP: a packet is cut short')
    return { tag, start, end: start + length }
  }
  if (first < 192) return whole(at + 2, first)
  if (first < 224) return whole(at + 3, (first - 192) * 256 + second + 192)
  if (first === 255 && at + 6 <= bytes.length) return whole(at + 6, bytes.readUInt32BE(at + 2))
  throw new RangeError('OpenPGP: a packet is in pieces')
}
