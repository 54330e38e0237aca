/** The calendar of a custody in a real calendar program, calcurse. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

test('a calendar program takes every date of it, each on its day, and coming back as the rules say', async () => {
  const file = join(stage.directory, 'custody.ics')
  expect(await stage.run(['status', '--custody', stage.custody, '--ics', file])).toMatchObject({ code: 0 })
  const home = join(stage.directory, 'calendar')
  mkdirSync(home)
  const told = execFileSync('calcurse', ['--datadir', home, '--confdir', home, '--import', file], { encoding: 'utf8' })
  expect(told).toContain('0 apps / 4 events / 0 todos / 0 skipped')
  const { drillDueInDays, inspectionDueInDays, acknowledgementDueInDays } = JSON.parse((await stage.run(['status', '--custody', stage.custody, '--json'])).stdout) as Record<string, number>
  const on = (days = 0): string => {
    const [year, month, day] = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10).split('-')
    return `${String(month)}/${String(day)}/${String(year)}`
  }
  const entries = readFileSync(join(home, 'apts'), 'utf8').trimEnd().split('\n').map((line) => line.replace(/>\w+ /, ''))
  expect(entries.sort()).toEqual(
    [
      `${on(drillDueInDays)} [1] {91D} REHEARSAL: Break-glass drill, Cloud Platform`,
      `${on(drillDueInDays)} [1] {91D} REHEARSAL: Key ceremony, Cloud Platform`,
      `${on(inspectionDueInDays)} [1] {182D} REHEARSAL: Inspection of the bags, Cloud Platform`,
      `${on(acknowledgementDueInDays)} [1] {365D} REHEARSAL: Custodians acknowledge their duties anew, Cloud Platform`,
    ].sort(),
  )
})
