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
  // Our own text is the measure: which days are right is tested with it.
  const events = readFileSync(file, 'utf8').replaceAll('\r\n ', '').split('BEGIN:VEVENT').slice(1)
  const wanted = events.map((event) => {
    const [, year, month, day] = /DTSTART;VALUE=DATE:(\d{4})(\d\d)(\d\d)/.exec(event) ?? []
    return `${String(month)}/${String(day)}/${String(year)} [1] {${/INTERVAL=(\d+)/.exec(event)?.[1] ?? ''}D} ${/SUMMARY:(.*?)\r/.exec(event)?.[1]?.replaceAll('\\,', ',') ?? ''}`
  })
  const entries = readFileSync(join(home, 'apts'), 'utf8').trimEnd().split('\n').map((line) => line.replace(/>\w+ /, ''))
  expect(entries.sort()).toEqual(wanted.sort())
  expect(entries.map((line) => /\{.*/.exec(line)?.[0]).sort()).toEqual(['{182D} REHEARSAL: Inspection of the bags, Cloud Platform', '{365D} REHEARSAL: Custodians acknowledge their duties anew, Cloud Platform', '{91D} REHEARSAL: Break-glass drill, Cloud Platform', '{91D} REHEARSAL: Key ceremony, Cloud Platform'])
})
