/** What was asked for, on standard output: all of it, or the command says that it is cut short. */
import { fstatSync, writeSync } from 'node:fs'
import { EXIT } from '../errors.js'

let isLost = false

/** Writes all of it. What did not arrive (a full disk) is said at the end, and makes a success a mistake. */
export function print(text: string): void {
  if (!isFile()) {
    process.stdout.write(text)
    return
  }
  try {
    // Node asks a disk once, and takes what fits for everything.
    for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(process.stdout.fd, rest))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    lose(error)
  }
}

/** From now on, errors of standard output end no process: a key may have to be rotated. */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  process.stdout.on('error', lose)
}

/** Who closed a pipe or a terminal wanted no more; nothing is lost then. */
function lose(error: NodeJS.ErrnoException): void {
  if (isLost || error.code === 'EPIPE' || process.stdout.isTTY) return
  isLost = true
  process.once('exit', () => {
    process.stderr.write(`FILE_UNWRITABLE: standard output took not all of what was asked for (${error.message})\nMake room, or name another file. What was done is done; only its account is cut short.\n`)
    process.exitCode ||= EXIT.usage
  })
}

function isFile(): boolean {
  try {
    return fstatSync(process.stdout.fd).isFile()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return false
  }
}
