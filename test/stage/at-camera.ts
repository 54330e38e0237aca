/** A command that shows a page, and real Chromium with a fake camera before it. */
import { spawn } from 'node:child_process'
import { chromium, type Browser, type Page } from 'playwright-core'
import { CLI, type Ended } from './command-line.js'

/** Debian's. */
export const CHROMIUM = '/usr/bin/chromium'

/** What every headless run has: nothing of its own on the network. As root it needs --no-sandbox; nothing hostile is shown to it. */
export const HEADLESS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** A camera that shows this film. */
export function cameraShowing(film: string): string[] {
  return ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]
}

/** A command that is still running. */
export interface Started {
  pid: number
  /** What it said on standard error so far. */
  said: () => string
  /** Waits for words on standard error, and returns what a group of the pattern caught. */
  until: (pattern: RegExp) => Promise<string>
  ended: Promise<Ended>
}

/** Starts `glasskey …`. */
export function start(args: readonly string[], cwd: string, env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...env } })
  let [stdout, stderr, over] = ['', '', false]
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ended>((done) => {
    child.once('close', (code) => {
      over = true
      done({ code: code ?? -1, stdout, stderr })
    })
  })
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(stderr)
      if (found) return found[1] ?? found[0]
      if (over) throw new Error(`it ended without saying ${String(pattern)}:\n${stderr}`)
      await new Promise((again) => setTimeout(again, 50))
    }
  }
  return { pid: child.pid ?? -1, said: () => stderr, until, ended }
}

/** Where the page is, as the terminal shows it. */
export const PAGE_URL = /(http:\/\/127\.0\.0\.1:\d+\/#[\w-]+)/

/** A page in real Chromium, and every address that it asked for. */
export interface Shown {
  browser: Browser
  page: Page
  asked: string[]
  /** Complaints of the browser: what the page's policy forbade, errors. */
  complaints: string[]
}

/** Opens a browser of its own, with a fresh profile, before this film. */
export async function openBrowser(film: string | null): Promise<Shown> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...HEADLESS, '--use-fake-ui-for-media-stream', ...(film === null ? [] : cameraShowing(film))] })
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  const [asked, complaints]: [string[], string[]] = [[], []]
  page.on('request', (request) => asked.push(request.url()))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return { browser, page, asked, complaints }
}
