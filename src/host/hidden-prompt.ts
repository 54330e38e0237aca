/** Asking for a passphrase: nothing of it is shown, kept in a history, or echoed. */
import { StringDecoder } from 'node:string_decoder'
import { GlasskeyError } from '../errors.js'
import { ESCAPE_SEQUENCE } from './keys.js'
import { endRawMode, isInteractive, requireListening, say, visible, whereToAsk } from './terminal.js'

const ENTER = /[\r\n]/
const INTERRUPT = '\u0003'
const END = '\u0004'
const ERASE_LINE = '\u0015'
const BACKSPACE = ['\u007f', '\b']
const CONTROL = /^\p{Cc}/u
const BELL = '\u0007'
/** What a key sends, or one character. */
const TOKEN = new RegExp(`${ESCAPE_SEQUENCE}|[\\s\\S]`, 'gu')

function* tokensIn(chunk: Buffer, decoder: StringDecoder): Generator<[token: string, at: number, text: string]> {
  const text = decoder.write(chunk)
  for (const match of text.matchAll(TOKEN)) yield [match[0], match.index, text]
}

/**
 * The line typed, unseen, that `accept` has no complaint about (null); a complaint is said and the question put again. Nothing
 * typed ahead is shown either. `flag` is what a script would have used. Throws NO_TERMINAL where there is nobody to ask, and
 * INTERRUPTED for Ctrl-C, Ctrl-D, or when the wait is called off.
 */
export async function askHidden(question: string, flag: string, accept: (typed: string) => Promise<string | null>, signal?: AbortSignal): Promise<string> {
  if (!isInteractive()) throw new GlasskeyError('NO_TERMINAL', `there is nobody to ask: ${question}`, whereToAsk(`use ${flag}`))
  requireListening(question)
  process.stdin.setRawMode(true)
  try {
    for (;;) {
      process.stderr.write(`${visible(question)} `)
      const typed = await nextLine(question, signal)
      process.stderr.write('\n')
      const complaint = await accept(typed)
      if (complaint === null) return typed
      say(complaint, 'alarm')
    }
  } finally {
    endRawMode()
  }
}

function nextLine(question: string, signal?: AbortSignal): Promise<string> {
  const { stdin } = process
  return new Promise((resolve, reject) => {
    let typed = ''
    const finish = (end: () => void): void => {
      stdin.off('data', hear)
      stdin.off('end', stop)
      stdin.off('error', stop)
      signal?.removeEventListener('abort', stop)
      stdin.pause()
      end()
    }
    const stop = (): void => {
      finish(() => {
        reject(new GlasskeyError('INTERRUPTED', signal?.aborted === true ? `stopped: ${String(signal.reason)}` : `stopped at the question: ${question}`, 'Nothing was decided.'))
      })
    }
    const decoder = new StringDecoder('utf8')
    const hear = (chunk: Buffer): void => {
      for (const [token, at, text] of tokensIn(chunk, decoder)) {
        if (token === INTERRUPT || (token === END && typed === '')) {
          stop()
          return
        }
        if (ENTER.test(token)) {
          const rest = text.slice(at + token.length)
          finish(() => {
            if (rest !== '') stdin.unshift(Buffer.from(rest))
            resolve(typed)
          })
          return
        }
        if (token === ERASE_LINE) typed = ''
        else if (BACKSPACE.includes(token)) typed = Array.from(typed).slice(0, -1).join('')
        // An arrow key, Ctrl-Z or Ctrl-D in the middle: unseen, it would spoil what was typed.
        else if (CONTROL.test(token) && token !== '\t') process.stderr.write(BELL)
        else typed += token
      }
    }
    stdin.on('data', hear)
    stdin.once('end', stop)
    stdin.once('error', stop)
    signal?.addEventListener('abort', stop)
    if (signal?.aborted === true) stop()
    else stdin.resume()
  })
}
