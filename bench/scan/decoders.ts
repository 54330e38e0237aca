/** The decoders that are measured, each given the same picture file. */

import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type jsqr from 'jsqr'
import sharp from 'sharp'
import { LIMITS } from '../../src/reader/limits.js'
import { TimedDecoding } from '../../src/reader/timed-decoding.js'
import type { Scan } from './classes.js'

/** What was read, in no order, and how long that took in milliseconds. */
export interface Reading { readonly texts: readonly string[], readonly ms: number }

/** One decoder. */
export interface Decoder {
  readonly name: string
  readonly read: (scan: Scan) => Promise<Reading>
  readonly close: () => Promise<void>
}

async function timed(read: () => Promise<readonly string[]>): Promise<Reading> {
  const started = performance.now()
  const texts = await read()
  return { texts, ms: performance.now() - started }
}

/** The reader as a release uses it: its thread and its limits, from the bytes of the file to the texts. */
export function glasskey(): Decoder {
  // A release may spend five minutes on all its scans together; here each has its own time.
  const decoding = new TimedDecoding({ page: LIMITS.pageTime, total: Infinity })
  return {
    name: 'glasskey',
    read: ({ bytes, extension }) => {
      const copy = new Uint8Array(bytes)
      return timed(async () => {
        const texts: string[] = []
        for await (const page of decoding.decode(copy, `scan.${extension}`)) texts.push(...page.texts)
        return texts
      })
    },
    close: () => decoding.close(),
  }
}

/** ZBar's own command on the file; null where Debian's zbar-tools is not installed. The time includes starting it. */
export function zbar(): Decoder | null {
  if (spawnSync('zbarimg', ['--version']).status !== 0) return null
  const folder = mkdtempSync(join(tmpdir(), 'glasskey-scan-'))
  return {
    name: 'ZBar',
    read: ({ bytes, extension }) => {
      const path = join(folder, `scan.${extension}`)
      writeFileSync(path, bytes)
      return timed(async () => {
        try {
          const { stdout } = await promisify(execFile)('zbarimg', ['--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable', path])
          return stdout.split('\n').filter((line) => line !== '')
        } catch (error) {
          // It ends with 4 when it finds nothing.
          if (error instanceof Error && 'code' in error && error.code === 4) return []
          throw error
        }
      })
    },
    close: () => {
      rmSync(folder, { recursive: true })
      return Promise.resolve()
    },
  }
}

// Its declaration names a default export, which Node sees as the module itself.
const jsQr = createRequire(import.meta.url)('jsqr') as typeof jsqr.default

/** jsQR finds one code of a picture: what it found is painted white and it is asked again until it finds nothing more. */
export function jsQrAgainAndAgain(): Decoder {
  return {
    name: 'jsQR',
    read: async ({ bytes }) => {
      const { data, info } = await sharp(bytes).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })
      const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength)
      return timed(() => {
        const texts: string[] = []
        for (;;) {
          const found = jsQr(pixels, info.width, info.height, { inversionAttempts: 'dontInvert' })
          if (found === null) return Promise.resolve(texts)
          if (found.data !== '') texts.push(found.data)
          const { topLeftCorner, topRightCorner, bottomLeftCorner, bottomRightCorner } = found.location
          paint(pixels, info, [topLeftCorner, topRightCorner, bottomRightCorner, bottomLeftCorner])
          if (texts.length > 16) return Promise.resolve(texts)
        }
      })
    },
    close: () => Promise.resolve(),
  }
}

interface Corner { readonly x: number, readonly y: number }

/** The box around the corners made white. */
function paint(pixels: Uint8ClampedArray, { width, height }: { width: number, height: number }, corners: readonly Corner[]): void {
  const within = (value: number, most: number): number => Math.max(0, Math.min(most, Math.round(value)))
  const [left, right] = [within(Math.min(...corners.map(({ x }) => x)), width), within(Math.max(...corners.map(({ x }) => x)), width)]
  const [top, bottom] = [within(Math.min(...corners.map(({ y }) => y)), height), within(Math.max(...corners.map(({ y }) => y)), height)]
  for (let y = top; y < bottom; y += 1) pixels.fill(255, (y * width + left) * 4, (y * width + right) * 4)
}
