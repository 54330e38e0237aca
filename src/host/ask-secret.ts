/** Asking for what must not be seen: a passphrase. Nothing is echoed. */
import { GlasskeyError } from '../errors.js'
import { isInteractive, visible } from './terminal.js'

const [INTERRUPT, END, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f']

/** The line typed, as it was typed. Throws NO_TERMINAL where there is nobody to ask, INTERRUPTED on Ctrl-C and Ctrl-D. */
export function askSecret(question: string): Promise<string> {
  if (!isInteractive()) return Promise.reject(new GlasskeyError('NO_TERMINAL', `there is nobody to ask: ${question}`, 'Run this on a terminal.'))
  const { stdin, stderr } = process
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = (settle: () => void): void => {
      stdin.off('data', take)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      settle()
    }
    const take = (chunk: Buffer): void => {
      for (const sign of chunk.toString('utf8')) {
        if (sign === '\r' || sign === '\n') {
          end(() => {
            resolve(typed)
          })
          return
        }
        if (sign === INTERRUPT || sign === END) {
          end(() => {
            reject(new GlasskeyError('INTERRUPTED', `stopped at the question: ${question}`, 'Nothing was decided.'))
          })
          return
        }
        typed = sign === BACKSPACE || sign === DELETE ? Array.from(typed).slice(0, -1).join('') : typed + sign
      }
    }
    stderr.write(`${visible(question)} `)
    stdin.setRawMode(true)
    stdin.on('data', take)
    stdin.resume()
  })
}
