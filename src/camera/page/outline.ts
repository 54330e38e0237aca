/** Outlines over the live picture: what was found, and what became of it, in a colour and in a word. */
import type { Corner } from './decoder.js'

/** What is known of a code. */
export type Mark = 'unread' | 'judging' | 'good' | 'plain' | 'alarm' | 'stranger'

const LOOKS: Readonly<Record<Mark, { colour: string; word: string; dash: number[] }>> = {
  unread: { colour: '#ffd94a', word: 'hold still, closer', dash: [14, 10] },
  judging: { colour: '#ffd94a', word: 'read', dash: [] },
  good: { colour: '#5dff9b', word: 'accepted', dash: [] },
  plain: { colour: '#ffffff', word: 'known', dash: [] },
  alarm: { colour: '#ff8f7a', word: 'not this one', dash: [6, 6] },
  stranger: { colour: '#9aa4b2', word: 'not a sheet\'s code', dash: [4, 8] },
}

/** Draws over a picture of this size, in pixels. Words are upright in a mirrored picture too. */
export function drawOutlines(canvas: HTMLCanvasElement, picture: { width: number; height: number }, codes: readonly { corners: readonly Corner[]; mark: Mark }[], mirrored: boolean): void {
  const box = canvas.getBoundingClientRect()
  const density = window.devicePixelRatio
  canvas.width = Math.round(box.width * density)
  canvas.height = Math.round(box.height * density)
  const pen = canvas.getContext('2d')
  if (!pen || picture.width === 0) return
  // The picture is fitted into its box, as the style sheet says.
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height)
  const [left, top] = [(canvas.width - picture.width * scale) / 2, (canvas.height - picture.height * scale) / 2]
  const place = ({ x, y }: Corner): [number, number] => [left + (mirrored ? picture.width - x : x) * scale, top + y * scale]
  pen.lineJoin = 'round'
  for (const { corners, mark } of codes) {
    const { colour, word, dash } = LOOKS[mark]
    const places = corners.map(place)
    for (const [width, style] of [[9, '#000000'], [5, colour]] as const) {
      pen.setLineDash(dash.map((length) => length * density))
      pen.lineWidth = width * density
      pen.strokeStyle = style
      pen.beginPath()
      for (const [x, y] of places) pen.lineTo(x, y)
      pen.closePath()
      pen.stroke()
    }
    label(pen, word, colour, Math.min(...places.map(([x]) => x)), Math.max(...places.map(([, y]) => y)), density)
  }
}

function label(pen: CanvasRenderingContext2D, word: string, colour: string, x: number, y: number, density: number): void {
  pen.font = `600 ${22 * density}px system-ui, sans-serif`
  const [width, height] = [pen.measureText(word).width + 16 * density, 32 * density]
  const [atX, atY] = [Math.max(0, Math.min(x, pen.canvas.width - width)), Math.min(y + 8 * density, pen.canvas.height - height)]
  pen.fillStyle = '#000000'
  pen.fillRect(atX, atY, width, height)
  pen.fillStyle = colour
  pen.fillText(word, atX + 8 * density, atY + 23 * density)
}
