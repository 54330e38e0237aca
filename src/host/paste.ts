/** A block of lines that somebody pastes at the terminal: it begins and ends by itself. */
import { createInterface } from 'node:readline'
import { GlasskeyError } from '../errors.js'
import { isInteractive, visible, whereToAsk } from './terminal.js'

/** What is read of one paste. */
const LONGEST = 64 * 1024

/**
 * The lines from `begin` to `end`, both with them, without the marks of a quotation; empty where the word `stop` came instead. A second
 * `begin` begins anew: the first was cut. Of other lines before it people are told once; empty ones, as a paste brings them, are nothing. Throws NO_TERMINAL, and INTERRUPTED when the wait is called off or the input ends.
 */
export async function pasteBlock(question: string, begin: string, end: string, stop: string, flag: string, signal: AbortSignal): Promise<string> {
  if (!isInteractive()) throw new GlasskeyError('NO_TERMINAL', `there is nobody to ask: ${question}`, whereToAsk(`use ${flag}`))
  process.stderr.write(`${visible(question)}\n`)
  const input = createInterface({ input: process.stdin, terminal: false, signal })
  let block = ''
  let told = false
  try {
    for await (const line of input) {
      const bare = line.replace(/^[>\s]+/, '').trim()
      if (bare.toLowerCase() === stop) return ''
      if (bare === begin) block = ''
      if (block !== '' || bare === begin) block += `${bare}\n`
      else if (bare !== '' && !told) {
        told = true
        process.stderr.write(`That is no beginning of a message, and was not taken: its first line is "${visible(begin)}".\n`)
      }
      if (block !== '' && bare === end) return block
      if (block.length > LONGEST) return block
    }
  } finally {
    input.close()
  }
  throw new GlasskeyError('INTERRUPTED', signal.aborted ? `stopped: ${String(signal.reason)}` : 'stopped at a message', 'Nothing was decided.')
}
