/** The little of DER (ITU-T X.690) that a certificate needs. Every function gives one complete TLV. */

/** Universal tags (X.690 section 8, X.680 section 8.4). */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const

function length(bytes: number): Uint8Array {
  if (bytes < 0x80) return Uint8Array.of(bytes)
  const digits: number[] = []
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Uint8Array.of(0x80 + digits.length, ...digits)
}

/** Any tag around any content. */
export function tagged(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents)
  return Buffer.concat([Uint8Array.of(tag), length(content.byteLength), content])
}

export function sequence(...items: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.sequence, ...items)
}

export function set(...items: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.set, ...items)
}

/** Context tag [n], constructed: explicit tagging, or a constructed implicit one. */
export function context(number: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return tagged(0xa0 + number, ...contents)
}

/** Context tag [n], primitive: implicit tagging of a string. */
export function contextPrimitive(number: number, content: Uint8Array): Uint8Array {
  return tagged(0x80 + number, content)
}

/** A non-negative INTEGER out of big-endian bytes: as short as it can be, and never negative. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.byteLength - 1 && bytes[start] === 0) start += 1
  const digits = bytes.subarray(start)
  const negative = ((digits[0] ?? 0) & 0x80) !== 0
  return tagged(TAG.integer, negative ? Uint8Array.of(0) : new Uint8Array(), digits)
}

export function boolean(value: boolean): Uint8Array {
  return tagged(TAG.boolean, Uint8Array.of(value ? 0xff : 0))
}

/** OBJECT IDENTIFIER out of its dotted form. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) + 128)
    return digits
  })
  return tagged(TAG.objectIdentifier, Uint8Array.from(bytes))
}

/** @param unused bits of the last byte that do not count */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return tagged(TAG.bitString, Uint8Array.of(unused), bytes)
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return tagged(TAG.octetString, bytes)
}

export function utf8String(text: string): Uint8Array {
  return tagged(TAG.utf8String, Buffer.from(text, 'utf8'))
}

/** A time to the second (ms since 1970): UTCTime to 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). */
export function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')
  const early = Number(digits.slice(0, 4)) < 2050
  const text = `${early ? digits.slice(2) : digits}Z`
  return tagged(early ? TAG.utcTime : TAG.generalizedTime, Buffer.from(text, 'ascii'))
}
