/**
 * Scanning by camera: a page on loopback, and the browser that shows it.
 *
 * The page's server is a reader: it has no network. As a rule the browser is in its room too, with the room's own loopback
 * and nothing else. Any other browser reaches the server through one listening socket that is opened here and handed over;
 * that is an exception, which custodians consent to.
 */
import { randomBytes } from 'node:crypto'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { dirname } from 'node:path'
import type { Duplex, Writable } from 'node:stream'
import { GlasskeyError } from '../errors.js'
import type { CameraSettings } from '../camera/settings.js'
import { displayOf } from './display.js'
import { canHoldBrowser, startRoom, type Isolation } from './isolation.js'
import { readerLines, type ReaderLine } from './scan-reader.js'
import { say } from './terminal.js'
import { terminalCode } from './terminal-code.js'
import { tellReader, type Verdict } from './verdict.js'

/** How sheets are shown to a camera. `exceptions` are sentences for the warrant. */
export interface Camera {
  /** The browser in the reader's room, with what it must see; null: people open the page with any browser of this machine. */
  browser: { program: string; env: Record<string, string>; paths: string[] } | null
  exceptions: string[]
}

/** `--scan camera` */
export const CAMERA = 'camera'
/** `--browser any` */
export const ANY_BROWSER = 'any'

/** Where systems put the program itself; what is in /usr/bin is often a script that needs more than the room has. */
const BROWSERS = [
  '/usr/lib/chromium/chromium',
  '/usr/lib/chromium-browser/chromium-browser',
  '/usr/lib64/chromium-browser/chromium-browser',
  '/opt/google/chrome/chrome',
]
/** Fonts are found by way of these. */
const BROWSER_READS = ['/etc/fonts', '/etc/alternatives']

/**
 * Finds out how the page can be shown here. `wanted` is what `--browser` said: nothing, `any`, or a program for the room.
 * Throws ISOLATION_MISSING where no browser can be started in the reader's room, FILE_MISSING for a program that is not there.
 */
export function prepareCamera(wanted: string | undefined, isolation: Isolation, environment: Readonly<Record<string, string | undefined>>): Camera {
  if (wanted === ANY_BROWSER) {
    return { browser: null, exceptions: ['sheets are shown to a browser outside the reader\'s room: it has a network, and its profile and extensions could keep what it sees'] }
  }
  const program = wanted === undefined ? BROWSERS.find((path) => existsSync(path)) : realProgram(wanted)
  if (program === undefined) throw noBrowser('no Chromium or Chrome was found')
  const display = displayOf(environment)
  // A program that was named may know how to do without a window.
  if (!display && wanted === undefined) throw noBrowser('there is no display of this machine to open a window on')
  const folder = dirname(program)
  const paths = [...(folder === '/usr' || folder.startsWith('/usr/') ? [] : [folder]), ...BROWSER_READS.filter((path) => existsSync(path)), ...cameras(), ...(display?.paths ?? [])]
  if (!canHoldBrowser(isolation, paths)) throw noBrowser('this machine does not give a room with a loopback of its own')
  const exceptions = [
    ...(wanted === undefined ? [] : [`the program that sees the sheets was named by the operator (${program}); it has no network`]),
    ...(display?.kind === 'x11' ? ['the browser that sees the sheets is on an X11 display, where each program can watch the others'] : []),
  ]
  return { browser: { program, env: display?.env ?? {}, paths }, exceptions }
}

/** Isolation with what the camera adds to its exceptions. */
export function withCamera(isolation: Isolation, camera: Camera | null): Isolation {
  return camera ? { ...isolation, exceptions: [...isolation.exceptions, ...camera.exceptions] } : isolation
}

/** The way to a page that is not started yet: its token, and where the browser is not in its room, the socket to listen on. */
export interface Door {
  camera: Camera
  token: string
  listener: Server | null
}

/** Opens it. The socket belongs to this machine's loopback; the page's server, which gets it, has no network beside. */
export async function openDoor(camera: Camera): Promise<Door> {
  const door = { camera, token: randomBytes(16).toString('base64url') }
  if (camera.browser) return { ...door, listener: null }
  // Who comes before the page's server has it is not served: nobody was told of it yet.
  const listener = createServer((early) => early.destroy())
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', resolve)
  })
  return { ...door, listener }
}

/**
 * Starts the page. `pipe` is where its lines go and verdicts come from: a socket of whoever judges, or `pipe` for one of our own.
 * Where people open the page themselves, says where it is.
 */
export function startCamera({ camera: { browser }, token, listener }: Door, isolation: Isolation, pipe: Duplex | 'pipe'): ChildProcess {
  const child = orShut(listener, () => startRoom('camera', [], ['pipe', 'ignore', 'ignore', pipe, ...(listener ? [descriptorOf(listener)] : [])], isolation, browser?.paths ?? null))
  const settings: CameraSettings = { token, browser: browser && { program: browser.program, env: browser.env } }
  const input = child.stdin as Writable
  input.on('error', () => undefined)
  input.end(`${JSON.stringify(settings)}\n`)
  if (!listener) {
    say('A browser window opens: show the sheets to its camera, or type them there. It has no network.')
    return child
  }
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/#${token}`
  listener.close()
  say(`Open this page in a browser of this machine. It can be opened once:\n\n  ${url}\n`, 'strong')
  process.stderr.write(`${terminalCode(url)}\n`)
  return child
}

/** Sheets shown to a camera, outside a session. */
export interface Showing {
  /** As from files; each `text` wants an answer before the next one comes. */
  lines: AsyncGenerator<ReaderLine>
  answer: (verdict: Verdict) => void
}

/** Shows the page and reads what it sees, as `readScanFiles` reads files; until `stop`, at the latest. `greeting` is what the page begins with. */
export async function showSheets(camera: Camera, isolation: Isolation, greeting: Verdict, stop?: AbortSignal): Promise<Showing> {
  const child = startCamera(await openDoor(camera), isolation, 'pipe')
  const pipe = child.stdio[3] as Duplex
  pipe.on('error', () => undefined)
  const end = (): void => void child.kill('SIGKILL')
  stop?.addEventListener('abort', end)
  if (stop?.aborted === true) end()
  const answer = (verdict: Verdict): void => {
    tellReader(pipe, verdict)
  }
  answer(greeting)
  async function* lines(): AsyncGenerator<ReaderLine> {
    try {
      yield* readerLines(pipe)
    } finally {
      stop?.removeEventListener('abort', end)
      end()
    }
  }
  return { lines: lines(), answer }
}

/** A door that leads nowhere would keep this process from ending. Throws what `start` throws. */
function orShut(listener: Server | null, start: () => ChildProcess): ChildProcess {
  try {
    return start()
  } catch (error) {
    listener?.close()
    throw error
  }
}

/** Node has no public name for it, and takes no listening socket where it takes a descriptor. */
function descriptorOf(listener: Server): number {
  return (listener as unknown as { _handle: { fd: number } })._handle.fd
}

function cameras(): string[] {
  return readdirSync('/dev').filter((name) => /^video\d+$/.test(name)).map((name) => `/dev/${name}`)
}

function realProgram(path: string): string {
  try {
    return realpathSync(path)
  } catch (cause) {
    throw new GlasskeyError('FILE_MISSING', `there is no browser ${path}`, `Name a program, or --browser ${ANY_BROWSER}.`, { cause })
  }
}

function noBrowser(why: string): GlasskeyError {
  return new GlasskeyError('ISOLATION_MISSING', `no browser can be shown the sheets in the reader's room: ${why}`, `Scan to files (--scan FILE...), type the shares, or consent to any browser of this machine: --browser ${ANY_BROWSER}`)
}
