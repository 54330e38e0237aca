/** What the page consists of: our own files, and ZXing from its package if it is byte for byte what was reviewed. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { GlasskeyError } from '../errors.js'

/** A file as it is served. */
export interface PageFile {
  type: string
  bytes: Uint8Array
}

/** SHA-256 of what is taken from zxing-wasm 3.1.4. */
export const ZXING_SHA256: Readonly<Record<string, string>> = {
  'es/reader/index.js': 'd90c69a827aff3b7c8c8ca310efebe91671ef076f7a0ec83722bfc542814f484',
  'es/share.js': '08868fb770b0a4e4b9eb3d717015cd5fbf3ceb06492d4cb2d2dd2739db11890f',
  'reader/zxing_reader.wasm': 'e8af31edb56d0522f4de74495839385ef019ba8bc90d38e5ecb2f18795d86fb2',
}

const OWN = ['page.js', 'camera.js', 'decoder.js', 'ours.js', 'outline.js', 'server.js', 'words.js', 'style.css', 'icon.svg']
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', html: 'text/html; charset=utf-8', svg: 'image/svg+xml', wasm: 'application/wasm' }

/** Files by path. Throws ENVIRONMENT_UNSAFE for a ZXing that is not the pinned one. */
export function pageFiles(pins = ZXING_SHA256): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>([['/', own('index.html')]])
  for (const name of OWN) files.set(`/${name}`, own(name))
  const zxing = join(dirname(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')), '..')
  for (const [name, sha256] of Object.entries(pins)) {
    const bytes = readFileSync(join(zxing, name))
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new GlasskeyError('ENVIRONMENT_UNSAFE', `${name} of zxing-wasm is not the one that was reviewed`, 'Install glasskey again with npm ci.')
    }
    files.set(`/zxing/${name}`, { type: typeOf(name), bytes })
  }
  return files
}

function own(name: string): PageFile {
  return { type: typeOf(name), bytes: readFileSync(new URL(`page/${name}`, import.meta.url)) }
}

function typeOf(name: string): string {
  return TYPES[name.split('.').pop() ?? ''] ?? 'application/octet-stream'
}
