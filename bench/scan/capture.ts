/** How a sheet becomes a picture: by a scanner, or by a telephone held over it. */

import { PAGE_SIZES, MM, type Paper } from '../../src/paper/page-size.js'
import { bent, blurred, lit, noisy, smeared, type Map, type Picture } from './picture.js'
import type { Chance } from './random.js'
import type { Folds } from './wear.js'

/** A sheet on the glass or the table. */
export interface Lying {
  readonly picture: Picture
  readonly paper: Paper
  /** Pixels of `picture` in a millimetre. */
  readonly scale: number
  /** How far paper that was folded or rolled is from flat, in millimetres along the page. */
  readonly unevenness: number
  readonly folds: Folds
}

/** Angles in degrees, blur and smear in pixels of the result, noise in grey levels; light is a factor. */
export interface Scanning { readonly skew: number, readonly blur: number, readonly noise: number }

/** Fed or laid a little askew, at so many dots per inch. */
export async function scanned(sheet: Lying, dpi: number, { skew, blur, noise }: Scanning, chance: Chance): Promise<Picture> {
  const [wide, high] = millimetres(sheet.paper)
  const pixels = dpi / 25.4
  const angle = skew * Math.PI / 180
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const uneven = unevenness(sheet, chance)
  const soft = await blurred(sheet.picture, blur * sheet.scale / pixels)
  const map: Map = (x, y, at) => {
    const [dx, dy] = [(x + 0.5) / pixels - wide / 2, (y + 0.5) / pixels - high / 2]
    uneven(dx * cos + dy * sin + wide / 2, dy * cos - dx * sin + high / 2, at)
  }
  // The lid of a scanner is white.
  const result = bent(soft, Math.round(wide * pixels), Math.round(high * pixels), map, () => 250)
  return noisy(result, noise, chance)
}

/** A telephone: tilts and turn in degrees, smear in millimetres on the page, `shade` the light left in a shadow. */
export interface Photographing {
  readonly tilt: number
  readonly turn: number
  readonly blur: number
  readonly smear: number
  readonly noise: number
  /** Light at the darker end of the page. */
  readonly falloff: number
  /** Light in the shadow of a hand or head; 1 for none. */
  readonly shade: number
}

/** Photographed with so many pixels to the inch of paper, on average over the page. */
export async function photographed(sheet: Lying, dpi: number, how: Photographing, chance: Chance): Promise<Picture> {
  const [wide, high] = millimetres(sheet.paper)
  const pixels = dpi / 25.4
  const view = seen(wide, high, how, chance, pixels)
  const uneven = unevenness(sheet, chance)
  const table = chance.between(60, 140)
  const grain = chance.between(0.01, 0.05)
  const soft = await blurred(sheet.picture, how.blur * sheet.scale / pixels)
  const map: Map = (x, y, at) => {
    view.toPage(x + 0.5, y + 0.5, at)
    uneven(at[0], at[1], at)
  }
  const flat = bent(soft, view.width, view.height, map, (x, y) => table + 12 * Math.sin(grain * (x + 3 * y)))
  const shaken = await smeared(flat, how.smear * pixels, chance.between(0, Math.PI))
  return noisy(lit(shaken, lightOver(view.width, view.height, how, chance)), how.noise, chance)
}

function millimetres(paper: Paper): [number, number] {
  return [PAGE_SIZES[paper].width / MM, PAGE_SIZES[paper].height / MM]
}

/** From millimetres on the page to pixels of its picture, the paper not being flat. */
function unevenness({ scale, unevenness: most, folds }: Lying, chance: Chance): Map {
  const waves = Array.from({ length: 3 }, () => ({
    x: chance.around(0.005, 0.03), y: chance.around(0.005, 0.03), phase: chance.between(0, 6.3), sideways: chance.around(0.2, 1), upright: chance.around(0.2, 1),
  }))
  const creases = [...folds.across.map((place) => ({ place, level: true, pull: chance.around(0.3, 1) })), ...folds.down.map((place) => ({ place, level: false, pull: chance.around(0.3, 1) }))]
  return (x, y, at) => {
    let [across, down] = [x, y]
    for (const wave of waves) {
      const much = most / 2 * Math.sin(wave.x * x + wave.y * y + wave.phase)
      across += much * wave.sideways
      down += much * wave.upright
    }
    for (const { place, level, pull } of creases) {
      const much = most * pull * Math.exp(-Math.abs((level ? y : x) - place) / 12)
      if (level) down += much
      else across += much
    }
    at[0] = across * scale - 0.5
    at[1] = down * scale - 0.5
  }
}

interface View { readonly width: number, readonly height: number, readonly toPage: Map }

/** A pinhole camera over a page that is tilted about two axes and turned about the third. */
function seen(wide: number, high: number, { tilt, turn }: Photographing, chance: Chance, pixels: number): View {
  const about = chance.between(0, 2 * Math.PI)
  const [pitch, yaw, roll] = [tilt * Math.sin(about), tilt * Math.cos(about), turn].map((degrees) => degrees * Math.PI / 180) as [number, number, number]
  const distance = 1.3 * high
  const [cx, sx, cy, sy, cz, sz] = [Math.cos(pitch), Math.sin(pitch), Math.cos(yaw), Math.sin(yaw), Math.cos(roll), Math.sin(roll)]
  // Columns of the rotation; a point (x, y, 0) of the page goes to x * first + y * second.
  const first = [cy * cz, cx * sz + sx * sy * cz, sx * sz - cx * sy * cz] as const
  const second = [-cy * sz, cx * cz - sx * sy * sz, sx * cz + cx * sy * sz] as const
  const project = (x: number, y: number): [number, number] => {
    const depth = distance + x * first[2] + y * second[2]
    return [(x * first[0] + y * second[0]) * distance / depth, (x * first[1] + y * second[1]) * distance / depth]
  }
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([x = 0, y = 0]) => project(x * wide / 2, y * high / 2))
  const area = Math.abs(corners.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % 4] ?? [0, 0]
    return sum + x * nextY - nextX * y
  }, 0)) / 2
  const zoom = pixels * Math.sqrt(wide * high / area)
  const border = chance.between(0.03, 0.1) * high
  const left = Math.min(...corners.map(([x]) => x)) - border
  const top = Math.min(...corners.map(([, y]) => y)) - border
  const width = Math.round((Math.max(...corners.map(([x]) => x)) + border - left) * zoom)
  const height = Math.round((Math.max(...corners.map(([, y]) => y)) + border - top) * zoom)
  const toPage: Map = (u, v, at) => {
    // Where the ray through the pixel meets the page: two equations, x and y of the page.
    const [px, py] = [(u / zoom + left) / distance, (v / zoom + top) / distance]
    const [a, b, c, d] = [first[0] - px * first[2], second[0] - px * second[2], first[1] - py * first[2], second[1] - py * second[2]]
    const determinant = a * d - b * c
    at[0] = (px * d - b * py) * distance / determinant + wide / 2
    at[1] = (a * py - px * c) * distance / determinant + high / 2
  }
  return { width, height, toPage }
}

/** Light that falls off to one side and to the corners, and the shadow of whoever holds the telephone. */
function lightOver(width: number, height: number, { falloff, shade }: Photographing, chance: Chance): (x: number, y: number) => number {
  const [from, edge] = [chance.between(0, 2 * Math.PI), chance.between(0, 2 * Math.PI)]
  const span = Math.hypot(width, height)
  const soft = chance.between(0.02, 0.08)
  const place = chance.between(-0.15, 0.15)
  const wave = chance.between(3, 8) / span
  const [lx, ly, ex, ey] = [Math.cos(from) / span, Math.sin(from) / span, Math.cos(edge) / span, Math.sin(edge) / span]
  return (x, y) => {
    const [dx, dy] = [x - width / 2, y - height / 2]
    const even = 1 - (1 - falloff) * (0.5 + dx * lx + dy * ly)
    if (shade === 1) return even
    const inside = (dx * ex + dy * ey - place + 0.04 * Math.sin(wave * (dx * ey - dy * ex) * span)) / soft
    const covered = Math.max(0, Math.min(1, inside + 0.5))
    return even * (1 - (1 - shade) * covered * covered * (3 - 2 * covered))
  }
}
