/** Grey pictures, and the few operations that sharp does not give: bending, uneven light, noise. */

import sharp, { type Sharp } from 'sharp'
import type { Chance } from './random.js'

// One thread, so that decoders are measured and not the neighbours of their pictures.
sharp.concurrency(1)
sharp.cache(false)

/** A byte a pixel, 0 is black. */
export interface Picture { readonly width: number, readonly height: number, readonly grey: Uint8Array }

/** The picture in sharp's hands. */
export function inSharp({ width, height, grey }: Picture): Sharp {
  return sharp(grey, { raw: { width, height, channels: 1 }, limitInputPixels: false })
}

/** Back from sharp, whatever it made of the channels. */
export async function fromSharp(image: Sharp): Promise<Picture> {
  const { data, info } = await image.greyscale().extractChannel(0).raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, grey: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

/** Blurred as by a lens; deviation in pixels. */
export async function blurred(picture: Picture, deviation: number): Promise<Picture> {
  return deviation < 0.3 ? picture : fromSharp(inSharp(picture).blur(deviation))
}

/** Smeared along a line, as by a hand that moves; length in pixels, direction in radians. */
export async function smeared(picture: Picture, length: number, direction: number): Promise<Picture> {
  if (length < 0.5) return picture
  const reach = Math.ceil(length / 2)
  const side = 2 * reach + 1
  const kernel = Array<number>(side * side).fill(0)
  const steps = 40
  for (let step = 0; step <= steps; step += 1) {
    const along = (step / steps - 0.5) * length
    const at = (Math.round(reach + along * Math.sin(direction))) * side + Math.round(reach + along * Math.cos(direction))
    kernel[at] = (kernel[at] ?? 0) + 1
  }
  return fromSharp(inSharp(picture).convolve({ width: side, height: side, kernel, scale: steps + 1 }))
}

/** Where in the source a pixel of the result comes from, in pixels of the source, into `at`. */
export type Map = (x: number, y: number, at: [number, number]) => void

/** The picture bent: each pixel of the result is taken from where `map` says, between four pixels; `beside` where nothing is. */
export function bent(source: Picture, width: number, height: number, map: Map, beside: (x: number, y: number) => number): Picture {
  const grey = new Uint8Array(width * height)
  const at: [number, number] = [0, 0]
  const [right, bottom] = [source.width - 1, source.height - 1]
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      map(x, y, at)
      const left = Math.floor(at[0])
      const top = Math.floor(at[1])
      if (left < 0 || top < 0 || left >= right || top >= bottom) {
        grey[y * width + x] = beside(x, y)
        continue
      }
      const [across, down, first] = [at[0] - left, at[1] - top, top * source.width + left]
      const upper = (source.grey[first] ?? 0) * (1 - across) + (source.grey[first + 1] ?? 0) * across
      const lower = (source.grey[first + source.width] ?? 0) * (1 - across) + (source.grey[first + source.width + 1] ?? 0) * across
      grey[y * width + x] = upper * (1 - down) + lower * down + 0.5
    }
  }
  return { width, height, grey }
}

/** Each pixel multiplied by the light that falls on it. */
export function lit({ width, height, grey }: Picture, light: (x: number, y: number) => number): Picture {
  const result = new Uint8Array(grey.length)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) result[y * width + x] = Math.min(255, (grey[y * width + x] ?? 0) * light(x, y) + 0.5)
  }
  return { width, height, grey: result }
}

/** Black and white moved to the grey of ink and paper. */
export function toned({ width, height, grey }: Picture, ink: number, paper: number): Picture {
  return { width, height, grey: grey.map((value) => ink + (paper - ink) * value / 255 + 0.5) }
}

const NORMALS = 65_536

/** With the noise of a sensor; deviation in grey levels. */
export function noisy({ width, height, grey }: Picture, deviation: number, chance: Chance): Picture {
  const normals = Float32Array.from({ length: NORMALS }, () => chance.normal() * deviation)
  let at = 0
  return {
    width, height,
    grey: grey.map((value, index) => {
      // A new place in the table for each few pixels, so that no pattern repeats.
      at = index % 61 === 0 ? chance.whole(0, NORMALS - 1) : (at + 1) % NORMALS
      return Math.max(0, Math.min(255, value + (normals[at] ?? 0) + 0.5))
    }),
  }
}
