/** The drill, to its end. What it prints and leaves is of the published schemas. More than a minute, so it is not with the other outcomes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { glasskey } from '../stage/command-line.js'
import { complaints } from './published.js'

test('the drill ends in done; --json and report.json are of their schemas', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-drill-'))
  try {
    const { code, stdout, stderr } = await glasskey(['drill', '--dir', join(directory, 'play'), '--json'])
    expect(code, stderr).toBe(0)
    const told = JSON.parse(stdout) as { error: null }
    const report = JSON.parse(readFileSync(join(directory, 'play', 'report.json'), 'utf8')) as object
    expect(complaints('outcome-drill.json', told)).toEqual([])
    expect(complaints('drill-report.json', report)).toEqual([])
    expect(told).toEqual({ ...report, error: null })
  } finally {
    rmSync(directory, { recursive: true })
  }
}, 300_000)
