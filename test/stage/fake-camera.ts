/** What a camera would see of sheets, as a film that Chromium takes for one: tilted, blurred, leaning back, in a dim room. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import { boundedWasm } from '../../src/reader/bounded-wasm.js'
import { pdfPages } from '../../src/reader/pdf-pages.js'
import type { Raster } from '../../src/reader/qr-search.js'

const WIDTH = 1280
const HEIGHT = 720
const DPI = 150
/** Pictures a second, and how long each thing is shown. */
const RATE = 5
const HELD = 5

/** How a sheet is held. */
export interface Held {
  pdf: string
  page?: number
  /** Degrees that it is turned by. */
  turned?: number
  /** How far its upper edge leans back: 0.3 makes that edge a third shorter. */
  leaning?: number
  /** Radius of the blur in pixels of the picture. */
  blurred?: number
  /** 1 is daylight. */
  light?: number
  /** Pixels of the picture for one of the raster. */
  zoom?: number
  /** How far the sheet is moved up before the camera, in pixels of the raster. */
  up?: number
}

/** Two sheets side by side are one picture. */
export type Picture = readonly Held[]

/** Writes the film (YUV4MPEG2). It is shown again and again. */
export async function film(path: string, pictures: readonly Picture[]): Promise<void> {
  const file = openSync(path, 'w')
  writeSync(file, `YUV4MPEG2 W${WIDTH} H${HEIGHT} F${RATE}:1 Ip A1:1 C420jpeg\n`)
  const colour = Buffer.alloc(WIDTH * HEIGHT / 2, 128)
  for (const picture of pictures) {
    const grey = Buffer.alloc(WIDTH * HEIGHT, 70)
    for (const [at, held] of picture.entries()) await draw(grey, held, at, picture.length)
    for (let time = 0; time < HELD; time += 1) for (const part of [Buffer.from('FRAME\n'), grey, colour]) writeSync(file, part)
  }
  closeSync(file)
}

async function draw(grey: Buffer, { pdf, page = 1, turned = 0, leaning = 0, blurred = 0, light = 1, zoom = 1, up = 0 }: Held, at: number, of: number): Promise<void> {
  const raster = await rasterOf(pdf, page)
  const middle = await middleOfCodes(raster)
  const [cos, sin] = [Math.cos(turned * Math.PI / 180), Math.sin(turned * Math.PI / 180)]
  const [from, width] = [at * WIDTH / of, WIDTH / of]
  const drawn = new Float32Array(width * HEIGHT)
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const depth = 1 - leaning * (y - HEIGHT / 2) / HEIGHT
      const [dx, dy] = [(x - width / 2) * depth / zoom, (y - HEIGHT / 2) * depth / zoom]
      const column = Math.round(middle.x + dx * cos + dy * sin)
      const row = Math.round(middle.y + up + dy * cos - dx * sin)
      const inside = column >= 0 && row >= 0 && column < raster.width && row < raster.height
      drawn[y * width + x] = (inside ? raster.data[(row * raster.width + column) * 4] ?? 255 : 70) * light
    }
  }
  const seen = blurred === 0 ? drawn : blur(blur(drawn, width, blurred), width, blurred)
  for (let y = 0; y < HEIGHT; y += 1) for (let x = 0; x < width; x += 1) grey[y * WIDTH + from + x] = Math.round(seen[y * width + x] ?? 0)
}

/** A box of this radius, along rows and then along columns. Twice is near enough to what a lens does. */
function blur(from: Float32Array, width: number, radius: number): Float32Array {
  const along = (source: Float32Array, step: number, length: number, across: number, lines: number): Float32Array => {
    const to = new Float32Array(source.length)
    for (let line = 0; line < lines; line += 1) {
      for (let at = 0; at < length; at += 1) {
        let [sum, count] = [0, 0]
        for (let near = Math.max(0, at - radius); near <= Math.min(length - 1, at + radius); near += 1) {
          sum += source[line * across + near * step] ?? 0
          count += 1
        }
        to[line * across + at * step] = sum / count
      }
    }
    return to
  }
  return along(along(from, 1, width, width, HEIGHT), width, HEIGHT, 1, width)
}

async function rasterOf(pdf: string, page: number): Promise<Raster> {
  for await (const candidate of pdfPages(new Uint8Array(readFileSync(pdf)), pdf)) {
    if (candidate.page === page) return await candidate.render(DPI)
  }
  throw new RangeError(`no page ${page}`)
}

async function middleOfCodes(raster: Raster): Promise<{ x: number; y: number }> {
  prepareZXingModule({ overrides: { instantiateWasm: boundedWasm('zxing-wasm/reader/zxing_reader.wasm') } })
  const found = await readBarcodes({ ...raster, colorSpace: 'srgb' as const }, { formats: ['QRCode'], tryHarder: true })
  const corners = found.flatMap(({ position: { topLeft, bottomRight } }) => [topLeft, bottomRight])
  if (corners.length === 0) return { x: raster.width / 2, y: raster.height / 2 }
  return { x: corners.reduce((sum, { x }) => sum + x, 0) / corners.length, y: corners.reduce((sum, { y }) => sum + y, 0) / corners.length }
}
