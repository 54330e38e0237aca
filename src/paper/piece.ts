/** What pages are made of: pieces of a height that are never cut, with white space above. */

/** From here to there, in points from the top of whatever it is a part of. */
export interface Span { readonly from: number, readonly to: number }

/** The same, further down. */
export function lowered(spans: readonly Span[] = [], by: number): Span[] {
  return spans.map(({ from, to }) => ({ from: from + by, to: to + by }))
}

/** A piece of a page. `x` and `y` in `draw` are its top left corner. */
export interface Piece {
  readonly height: number
  /** White space above; dropped at the top of a page or a box. */
  readonly gap: number
  /** Must stand on the same page as the piece after it. */
  readonly keep: boolean
  /** Drawn again above this piece when it is the first on a page: the header of a table. */
  readonly header?: Piece
  /** Only drawn between two pieces of a page: the line along which slips are cut apart. */
  readonly between?: true
  /** Where the corners are by which decoders find its codes: they are kept off the folds of the sheet. */
  readonly corners?: readonly Span[]
  draw(x: number, y: number): void
}

/** A piece, or an order to the paginator: `cut` ends a slip, which is kept on one page. */
export type Item = Piece | 'new page' | 'cut'

/** Only the pieces. */
export function piecesOf(items: readonly Item[]): Piece[] {
  return items.filter((item): item is Piece => typeof item !== 'string')
}

/** Pieces as one, with the gap of the first. */
export function stack(pieces: readonly Piece[]): Piece {
  let height = 0
  const corners: Span[] = []
  pieces.forEach((piece, index) => {
    if (index > 0) height += piece.gap
    corners.push(...lowered(piece.corners, height))
    height += piece.height
  })
  return {
    height,
    gap: pieces[0]?.gap ?? 0,
    keep: false,
    corners,
    draw: (x, y) => {
      let at = y
      pieces.forEach((piece, index) => {
        if (index > 0) at += piece.gap
        piece.draw(x, at)
        at += piece.height
      })
    },
  }
}

/** The same pieces, further right. */
export function shift(items: readonly Item[], by: number): Item[] {
  return items.map((item) => typeof item === 'string' ? item : {
    ...item,
    ...(item.header === undefined ? {} : { header: { ...item.header, draw: shifted(item.header, by) } }),
    draw: shifted(item, by),
  })
}

function shifted(piece: Piece, by: number): Piece['draw'] {
  return (x, y) => piece.draw(x + by, y)
}

/** The same items, with something more drawn at the top left of the first piece, which is made at least so high. */
export function withOverlay(items: readonly Item[], height: number, draw: Piece['draw']): Item[] {
  const first = items.findIndex((item) => typeof item !== 'string')
  return items.map((item, index) => index !== first || typeof item === 'string' ? item : {
    ...item,
    height: Math.max(item.height, height),
    draw: (x, y) => {
      draw(x, y)
      item.draw(x, y)
    },
  })
}
