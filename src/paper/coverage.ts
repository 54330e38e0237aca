/** Which characters a TrueType font can draw, read from its `cmap` table. */

/** @throws {RangeError} when the file has no Unicode cmap of format 4 or 12. */
export function coverageOf(font: Uint8Array): ReadonlySet<number> {
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength)
  const cmap = tableOffset(view, 'cmap')
  let best: { offset: number, format: number } | null = null
  for (let i = 0; i < view.getUint16(cmap + 2); i += 1) {
    const record = cmap + 4 + i * 8
    const platform = view.getUint16(record)
    const offset = cmap + view.getUint32(record + 4)
    const format = view.getUint16(offset)
    const unicode = platform === 0 || platform === 3
    if (unicode && (format === 12 || format === 4) && format > (best?.format ?? 0)) best = { offset, format }
  }
  if (best === null) throw new RangeError('font: no Unicode cmap of format 4 or 12')
  return best.format === 12 ? readFormat12(view, best.offset) : readFormat4(view, best.offset)
}

function tableOffset(view: DataView, tag: string): number {
  for (let i = 0; i < view.getUint16(4); i += 1) {
    const record = 12 + i * 16
    const name = String.fromCharCode(...[0, 1, 2, 3].map((j) => view.getUint8(record + j)))
    if (name === tag) return view.getUint32(record + 8)
  }
  throw new RangeError(`font: no ${tag} table`)
}

/** OpenType 1.9, "cmap", format 12: groups of (first, last, first glyph). */
function readFormat12(view: DataView, at: number): Set<number> {
  const covered = new Set<number>()
  for (let i = 0; i < view.getUint32(at + 12); i += 1) {
    const group = at + 16 + i * 12
    for (let code = view.getUint32(group); code <= view.getUint32(group + 4); code += 1) covered.add(code)
  }
  return covered
}

/** OpenType 1.9, "cmap", format 4: parallel arrays of segments; glyph 0 means "not in this font". */
function readFormat4(view: DataView, at: number): Set<number> {
  const covered = new Set<number>()
  const twiceSegments = view.getUint16(at + 6)
  const ends = at + 14
  const starts = ends + twiceSegments + 2
  const deltas = starts + twiceSegments
  const ranges = deltas + twiceSegments
  for (let i = 0; i < twiceSegments; i += 2) {
    const start = view.getUint16(starts + i)
    const range = view.getUint16(ranges + i)
    for (let code = start; code <= view.getUint16(ends + i) && code < 0xffff; code += 1) {
      const glyph = range === 0
        ? (code + view.getUint16(deltas + i)) & 0xffff
        : view.getUint16(ranges + i + range + 2 * (code - start))
      if (glyph !== 0) covered.add(code)
    }
  }
  return covered
}
