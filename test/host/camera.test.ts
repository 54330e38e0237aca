import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import { sheetsOf } from '../../src/commands/flags.js'
import { prepareCamera, withCamera } from '../../src/host/camera.js'
import { displayOf } from '../../src/host/display.js'
import type { Isolation } from '../../src/host/isolation.js'
import { terminalCode } from '../../src/host/terminal-code.js'

const folder = mkdtempSync(join(tmpdir(), 'glasskey-display-'))
const NOTHING: Isolation = { namespaces: false, coreLimit: true, exceptions: ['none here'] }

afterAll(() => rmSync(folder, { recursive: true }))

describe('which display there is', () => {
  test('none, one over a network, and one whose socket is gone are none', () => {
    for (const environment of [{}, { DISPLAY: 'localhost:10.0' }, { DISPLAY: ':987' }, { WAYLAND_DISPLAY: 'wayland-0' }, { WAYLAND_DISPLAY: 'gone', XDG_RUNTIME_DIR: folder }]) expect(displayOf(environment)).toBeNull()
  })

  test('Wayland by its socket, and nothing of the runtime folder beside it', () => {
    writeFileSync(join(folder, 'wayland-0'), '')
    expect(displayOf({ WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: folder, DISPLAY: ':0', SECRET: '1' })).toEqual({ kind: 'wayland', env: { WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: folder }, paths: [join(folder, 'wayland-0')] })
  })
})

describe('how the page can be shown', () => {
  const next = 'Scan to files (--scan FILE...), type the shares, or consent to any browser of this machine: --browser any'

  test('without a display, or a room for it, it is refused with what to do; never done in another way in silence', () => {
    expect(() => prepareCamera(undefined, NOTHING, {})).toThrow(expect.objectContaining({ code: 'ISOLATION_MISSING', hint: next }) as Error)
    expect(() => prepareCamera(process.execPath, NOTHING, {})).toThrow(expect.objectContaining({ code: 'ISOLATION_MISSING', message: "no browser can be shown the sheets in the reader's room: this machine does not give a room with a loopback of its own", hint: next }) as Error)
    expect(() => prepareCamera('/nowhere/browser', NOTHING, {})).toThrow(expect.objectContaining({ code: 'FILE_MISSING', message: 'there is no browser /nowhere/browser' }) as Error)
  })

  test('any browser of the machine is an exception beside the others', () => {
    const camera = prepareCamera('any', NOTHING, {})
    expect(camera.browser).toBeNull()
    expect(withCamera(NOTHING, camera).exceptions).toEqual(['none here', "sheets are shown to a browser outside the reader's room: it has a network, and its profile and extensions could keep what it sees"])
    expect(withCamera(NOTHING, null)).toBe(NOTHING)
  })
})

describe('--scan and --browser', () => {
  test('camera and files in one go are refused', () => {
    expect(() => sheetsOf({ scan: ['camera', 'a.pdf'], browser: undefined })).toThrow(expect.objectContaining({ code: 'USAGE', message: '--scan camera stands alone: sheets are shown to a camera, or scans are read from files', hint: 'Show all of them to the camera; or name only files. A file that is called so is ./camera' }) as Error)
    expect(() => sheetsOf({ scan: ['a.pdf'], browser: 'any' })).toThrow(expect.objectContaining({ code: 'USAGE', message: '--browser is for sheets that are shown to a camera' }) as Error)
  })

  test('a file that is called camera is a file', () => {
    expect(sheetsOf({ scan: ['./camera'], browser: undefined })).toEqual({ scans: [join(process.cwd(), 'camera')], camera: null })
    expect(sheetsOf({ scan: ['camera'], browser: undefined })).toEqual({ scans: [], camera: { browser: undefined } })
    expect(sheetsOf({ scan: ['camera'], browser: 'any' })).toEqual({ scans: [], camera: { browser: 'any' } })
    expect(sheetsOf({ browser: undefined })).toEqual({ scans: [], camera: null })
  })
})

describe('the address as a code in the terminal', () => {
  const url = 'http://127.0.0.1:34527/#PnQw1NgM0Ts2zw_cXmbQrw'

  /** As a terminal draws it: a character is two modules, one above the other. */
  const drawn = (text: string, ground: number): Extract<Parameters<typeof readBarcodes>[0], { colorSpace: unknown }> => {
    const lines = text.replaceAll(/\u001b\[[\d;]*m/g, '').split('\n')
    const side = 4
    const [width, height] = [(lines[0]?.length ?? 0) * side, lines.length * 2 * side]
    const data = new Uint8ClampedArray(width * height * 4).fill(255)
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const character = lines[Math.floor(y / side / 2)]?.[Math.floor(x / side)] ?? ' '
        const lit = Math.floor(y / side) % 2 === 0 ? '▀█'.includes(character) : '▄█'.includes(character)
        data.fill(lit ? 255 - ground : ground, (y * width + x) * 4, (y * width + x) * 4 + 3)
      }
    }
    return { width, height, data, colorSpace: 'srgb' }
  }

  test.each([['dark', 0], ['light', 255]])('a telephone reads it off a %s terminal', async (_, ground) => {
    prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'))).buffer } })
    const found = await readBarcodes(drawn(terminalCode(url, false), ground), { formats: ['QRCode'] })
    expect(found.map(({ text }) => text)).toEqual([url])
  })

  test('in colour it is dark on light by itself, line by line', () => {
    for (const line of terminalCode(url, true).split('\n')) expect(line).toMatch(/^\u001b\[97;40m[ ▀▄█]+\u001b\[0m$/)
  })
})
