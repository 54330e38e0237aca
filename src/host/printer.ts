/** Printing through CUPS. */
import { spawn } from 'node:child_process'
import { GlasskeyError } from '../errors.js'
import { say } from './terminal.js'

/** A print server that does not answer must not keep a session from saying how it ended. */
const PATIENCE_MS = 30_000

/** Characters of what CUPS says: it may have to go on an exception sheet. */
const MOST_SAID = 120

/** Where `lp` and `lpstat` are, and how long they may take. */
export interface Spooler {
  path: string
  patienceMs: number
}

const CUPS: Spooler = { path: '/usr/bin:/bin', patienceMs: PATIENCE_MS }

/**
 * Sends a PDF to a printer by `lp`, over standard input, so that no copy lies in a folder of ours. Throws PRINTER_FAILED;
 * also for a printer that is stopped, which takes the job and prints nothing.
 */
export async function printPdf(pdf: Uint8Array, printer: string, title: string, spooler: Spooler = CUPS): Promise<void> {
  await queuePdf(pdf, printer, title, spooler)
  await requireRunning(printer, title, spooler)
}

/**
 * The first half of it: afterwards the job is in the queue, and sent again it would be printed twice. Its id, or null where `lp` says none. Throws PRINTER_FAILED
 * when it was not taken, and NotKnownTaken where nobody can say.
 */
export async function queuePdf(pdf: Uint8Array, printer: string, title: string, spooler: Spooler = CUPS): Promise<string | null> {
  const sent = await run('lp', ['-d', printer, '-t', title, '--', '-'], pdf, spooler)
  if (sent.cut) throw new NotKnownTaken('PRINTER_FAILED', `printer ${printer} may have taken "${title}", or not: ${sent.said}`, `lpstat -o ${printer} shows what waits there. ${BY_HAND}`)
  if (!sent.done) throw failed(printer, `did not take "${title}": ${sent.said}`, BY_HAND)
  return /^request id is (\S+-\d+) /m.exec(sent.said)?.[1] ?? null
}

/** The second half: throws PRINTER_FAILED for a printer that is stopped while a job waits. */
export async function requireRunning(printer: string, title: string, spooler: Spooler = CUPS): Promise<void> {
  const state = await run('lpstat', ['-p', printer], new Uint8Array(), spooler)
  if (/\bdisabled\b/.test(state.said)) throw failed(printer, `is stopped; "${title}" waits in its queue`, `cupsenable ${printer} starts it again.`)
}

/**
 * Takes a job out of CUPS, with what it keeps of one that is printed: it may keep each document for a day, in a folder on a disk. One that
 * is not there any more is well. Throws PRINTER_FAILED.
 */
export async function forgetJob(job: string, printer: string, spooler: Spooler = CUPS): Promise<void> {
  const forgotten = await run('cancel', ['-x', job], new Uint8Array(), spooler)
  if (forgotten.done || /does not exist/i.test(forgotten.said)) return
  throw failed(printer, `may keep what it printed: ${forgotten.said.slice(0, MOST_SAID)}`, `As its administrator: cancel -a -x ${printer}; /var/spool/cups is where it would lie.`)
}

/** The same for a page that is on disk already: a printer that fails is said, and stops nothing. */
export async function tryPrint(pdf: Uint8Array, printer: string, title: string): Promise<void> {
  try {
    await printPdf(pdf, printer, title)
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    say(`${error.message}. ${error.hint}`, 'alarm')
  }
}

const BY_HAND = 'Print the PDF by hand. glasskey logbook print NUMBER --out FILE makes the one of an entry again.'

/** `lp` was ended before it said whether CUPS has the job. */
export class NotKnownTaken extends GlasskeyError {}

function failed(printer: string, why: string, hint: string): GlasskeyError {
  return new GlasskeyError('PRINTER_FAILED', `printer ${printer} ${why}`, hint)
}

function run(program: string, words: readonly string[], input: Uint8Array, { path, patienceMs }: Spooler): Promise<{ done: boolean; cut: boolean; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: path, LC_ALL: 'C' }, timeout: patienceMs, killSignal: 'SIGKILL' })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.on('error', (error) => {
      resolve({ done: false, cut: false, said: error.message })
    })
    child.on('close', (code, signal) => {
      const silent = code !== null ? `${program} ended with ${code}` : signal === 'SIGKILL' ? `${program} did not end within ${patienceMs / 1000} s` : `${program} was ended by ${String(signal)}`
      resolve({ done: code === 0, cut: code === null, said: said.trim() || silent })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(Buffer.from(input))
  })
}
