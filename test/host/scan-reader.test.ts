/** What is named as a scan: a file, or a refusal at once. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openScan } from '../../src/host/scan-reader.js'

const directory = mkdtempSync(join(tmpdir(), 'glasskey-scan-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

test('a file is opened', () => {
  writeFileSync(join(directory, 'sheet.pdf'), '')
  closeSync(openScan(join(directory, 'sheet.pdf')))
})

test('a pipe that nobody writes to is not waited for, and a folder is no scan', () => {
  spawnSync('mkfifo', [join(directory, 'pipe')])
  expect(() => openScan(join(directory, 'pipe'))).toThrow(`the scan ${join(directory, 'pipe')} is no file`)
  expect(() => openScan(directory)).toThrow(`the scan ${directory} is no file`)
})

test('what is missing is named', () => {
  expect(() => openScan(join(directory, 'none.pdf'))).toThrow(/^the scan .*none\.pdf cannot be opened \(ENOENT/)
})
