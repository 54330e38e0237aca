/** What time does to a sheet. Lengths in millimetres on the paper; `scale` is pixels in a millimetre. */

import sharp from 'sharp'
import { fromSharp, inSharp, type Picture } from './picture.js'
import type { Chance } from './random.js'

/** Folds of a sheet: places in millimetres from the left or the top. */
export interface Folds { readonly across: readonly number[], readonly down: readonly number[] }

/** Folded twice: into quarters, or into thirds for a long envelope and then once more. Nobody folds exactly. */
export function foldedTwice(width: number, height: number, chance: Chance): Folds {
  const near = (place: number): number => place + chance.between(-5, 5)
  return chance.number() < 0.5
    ? { across: [near(height / 2)], down: [near(width / 2)] }
    : { across: [near(height / 3), near(2 * height / 3)], down: chance.number() < 0.5 ? [near(width / 2)] : [] }
}

/** Toner breaks off along a fold, the paper turns grey beside it, and one side of it lies in shade. */
export async function withFolds(picture: Picture, folds: Folds, scale: number, chance: Chance): Promise<Picture> {
  const { width, height } = picture
  const shade: string[] = []
  const cracks: string[] = []
  const lines = [...folds.across.map((place) => ({ place, level: true })), ...folds.down.map((place) => ({ place, level: false }))]
  for (const { place, level } of lines) {
    const length = level ? width : height
    const dark = chance.between(0.08, 0.25)
    const band = chance.between(3, 8) * scale
    const at = place * scale
    const side = chance.one([-1, 1])
    shade.push(rectangle(level, 0, Math.min(at, at + side * band), length, band, `rgba(0,0,0,${(dark * 0.5).toFixed(3)})`))
    shade.push(rectangle(level, 0, at - 0.35 * scale, length, 0.7 * scale, `rgba(0,0,0,${dark.toFixed(3)})`))
    for (let along = 0; along < length;) {
      const piece = chance.between(1, 9) * scale
      if (chance.number() < 0.65) cracks.push(rectangle(level, along, at + chance.between(-0.25, 0.25) * scale, piece, chance.between(0.25, 0.9) * scale, '#fff'))
      along += piece
    }
  }
  return overlaid(picture, [{ shapes: shade, blend: 'multiply', blur: 0.25 * scale }, { shapes: cracks, blend: 'over', blur: 0.08 * scale }])
}

/** What rubbing in a bag does: thin pale scratches, patches where toner has come off, dirt. */
export async function withScuffs(picture: Picture, scale: number, chance: Chance): Promise<Picture> {
  const { width, height } = picture
  const pale: string[] = []
  const dirt: string[] = []
  for (let count = chance.whole(6, 14); count > 0; count -= 1) {
    const [x, y, far, turn] = [chance.between(0, width), chance.between(0, height), chance.between(10, 60) * scale, chance.between(0, 2 * Math.PI)]
    pale.push(`<path d="M${at(x)} ${at(y)} l${at(far * Math.cos(turn))} ${at(far * Math.sin(turn))}" stroke="#fff" stroke-opacity="${chance.between(0.3, 0.8).toFixed(2)}" stroke-width="${at(chance.between(0.1, 0.35) * scale)}"/>`)
  }
  for (let count = chance.whole(15, 40); count > 0; count -= 1) {
    const speck = chance.between(0.1, 0.5) * scale
    dirt.push(`<ellipse cx="${at(chance.between(0, width))}" cy="${at(chance.between(0, height))}" rx="${at(speck)}" ry="${at(speck * chance.between(0.4, 1))}" fill-opacity="${chance.between(0.2, 0.8).toFixed(2)}"/>`)
  }
  return overlaid(picture, [{ shapes: pale, blend: 'over', blur: 0.08 * scale }, { shapes: dirt, blend: 'multiply', blur: 0.08 * scale }])
}

/** A cup stood on it, water dried on it, greasy fingers held it. */
export async function withStains(picture: Picture, scale: number, chance: Chance): Promise<Picture> {
  const { width, height } = picture
  const shapes: string[] = []
  const place = (): string => `cx="${at(chance.between(0.1, 0.9) * width)}" cy="${at(chance.between(0.1, 0.9) * height)}"`
  for (let count = chance.whole(1, 2); count > 0; count -= 1) {
    const middle = place()
    const radius = chance.between(36, 46) * scale
    shapes.push(`<ellipse ${middle} rx="${at(radius)}" ry="${at(radius * chance.between(0.94, 1))}" fill="rgba(0,0,0,${chance.between(0.02, 0.1).toFixed(3)})" stroke="rgba(0,0,0,${chance.between(0.2, 0.45).toFixed(3)})" stroke-width="${at(chance.between(1.5, 4) * scale)}"/>`)
  }
  for (let count = chance.whole(1, 3); count > 0; count -= 1) {
    const radius = chance.between(10, 40) * scale
    shapes.push(`<ellipse ${place()} rx="${at(radius)}" ry="${at(radius * chance.between(0.4, 1))}" fill="rgba(0,0,0,${chance.between(0.08, 0.22).toFixed(3)})"/>`)
  }
  for (let count = chance.whole(2, 5); count > 0; count -= 1) {
    shapes.push(`<ellipse ${place()} rx="${at(9 * scale)}" ry="${at(6 * scale)}" fill="rgba(0,0,0,${chance.between(0.1, 0.3).toFixed(3)})"/>`)
  }
  return overlaid(picture, [{ shapes, blend: 'multiply', blur: 0.5 * scale }])
}

/** Toner that spreads into the paper: dark modules grow by about this much on every side. */
export async function printed(picture: Picture, gain: number, scale: number): Promise<Picture> {
  const soft = await fromSharp(inSharp(picture).blur(Math.max(0.35, 0.05 * scale)))
  // A blurred edge rises by about its height over 2.5 deviations; moving the threshold along it moves the edge.
  const shift = Math.min(0.35, gain / (0.05 * 2.5))
  return { ...soft, grey: soft.grey.map((value) => Math.max(0, Math.min(255, (value - 255 * shift) / (1 - shift)))) }
}

interface Layer { readonly shapes: readonly string[], readonly blend: 'multiply' | 'over', readonly blur: number }

function at(value: number): string {
  return value.toFixed(1)
}

function rectangle(level: boolean, along: number, across: number, length: number, breadth: number, fill: string): string {
  const [x, y, width, height] = level ? [along, across, length, breadth] : [across, along, breadth, length]
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" fill="${fill}"/>`
}

async function overlaid(picture: Picture, layers: readonly Layer[]): Promise<Picture> {
  const { width, height } = picture
  const drawn = await Promise.all(layers.map(async ({ shapes, blend, blur }) => ({
    blend,
    input: await sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`))
      .blur(Math.max(0.3, blur)).png({ compressionLevel: 0 }).toBuffer(),
  })))
  const colour = await inSharp(picture).toColourspace('srgb').png({ compressionLevel: 0 }).toBuffer()
  return fromSharp(sharp(colour).composite(drawn).removeAlpha())
}
