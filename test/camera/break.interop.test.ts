/** A whole rehearsal by camera: sheets on paper, a page, real Chromium, and the key that is rotated in the end. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, PAGE_URL, start, type Shown } from '../stage/at-camera.js'
import { film } from '../stage/fake-camera.js'
import { livingKeys } from '../stage/cloud-truth.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
let shown: Shown | null = null

beforeAll(async () => {
  stage = await rehearsal()
})

afterAll(async () => {
  await shown?.browser.close()
  await stage.close()
})

test('two tilted and blurred sheets, after a wrong one, open the key; the page says what each is, and asks nobody else', async () => {
  const camera = join(stage.directory, 'film.y4m')
  await film(camera, [
    [{ pdf: stage.sheet(3, 1), turned: 5 }],
    [{ pdf: stage.sheet(2, 1), turned: 17, blurred: 1 }],
    [{ pdf: stage.sheet(2, 3), turned: -24, leaning: 0.35, blurred: 2, light: 0.6 }],
  ])
  const command = start(['break', 'rotate', '--custody', stage.custody, ...stage.operator, '--use-case', 'drill', '--yes', '--scan', 'camera', '--browser', 'any', '--reader', 'AUDITOR', ...stage.oci], stage.directory)
  const url = await command.until(PAGE_URL)
  shown = await openBrowser(camera)
  const { page, asked, complaints } = shown
  await page.goto(url)
  await page.getByText('Complete. No more sheets are needed.').waitFor()
  const heard = await page.locator('#heard li').allInnerTexts()
  expect(heard).toHaveLength(4)
  expect(heard).toContainEqual(expect.stringMatching(/^Noted\nGENERATION 2, key id [0-9a-f]{16}\. 0 of 2 shares; 2 more needed\.$/))
  expect(heard).toContainEqual(expect.stringMatching(/^Not accepted\nThe sheet of custodian 1 \(Ada Lovelace\) is of GENERATION 3: that key is not in use yet\. Bring a sheet of GENERATION 2, key id [0-9a-f]{16}\.$/))
  expect(heard).toContainEqual(expect.stringMatching(/^Accepted\n[12] of 2: the sheet of custodian 1 \(Ada Lovelace\) is right\.$/))
  expect(heard).toContainEqual(expect.stringMatching(/^Accepted\n[12] of 2: the sheet of custodian 3 \(Софья Ковалевская\) is right\.$/))
  expect(new Set(asked.map((address) => new URL(address).origin))).toEqual(new Set([new URL(url).origin]))
  expect(asked.filter((address) => address.endsWith('.wasm'))).toHaveLength(1)
  expect(complaints).toEqual([])

  const { code, stderr } = await command.ended
  expect(stderr).toContain("Exception     sheets are shown to a browser outside the reader's room")
  expect(stderr).toMatch(/is dead: proved/)
  expect(code).toBe(0)
  // The token was for people: no record has it.
  expect(JSON.stringify(stage.journal())).not.toContain(new URL(url).hash.slice(1))
  expect(stage.journal().filter(({ type }) => type === 'share-accepted')).toHaveLength(2)
})

test('a takeover by camera: measured first, the page only then, and the key that was shown is rotated away', async () => {
  const sealed = await rehearsal({ after: 'sealed' })
  let before: Shown | null = null
  try {
    const camera = join(sealed.directory, 'film.y4m')
    await film(camera, [[{ pdf: sealed.sheet(1, 2), turned: 11 }], [{ pdf: sealed.sheet(1, 3), turned: -8, blurred: 1 }]])
    const command = start(['takeover', '--custody', sealed.custody, '--profile', 'BOOTSTRAP', '--reader', 'AUDITOR', '--yes', '--scan', 'camera', '--browser', 'any', ...sealed.oci], sealed.directory)
    const url = await command.until(PAGE_URL)
    expect(command.said().slice(0, command.said().indexOf(url))).toMatch(/GENERATION 1 \([0-9a-f]{16}\) is installed: ACTIVE, read back equal\./)
    before = await openBrowser(camera)
    await before.page.goto(url)
    await before.page.getByText('Complete. No more sheets are needed.').waitFor()
    const { code, stderr } = await command.ended
    expect(stderr).toMatch(/is dead: proved/)
    expect(code, stderr).toBe(0)
    expect(livingKeys(sealed).map(({ generation }) => generation)).toEqual([2])
  } finally {
    await before?.browser.close()
    await sealed.close()
  }
})
