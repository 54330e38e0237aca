/** Printing through CUPS. */
import { spawn } from 'node:child_process'
import { GlasskeyError } from '../errors.js'

/** Sends a PDF to a printer by `lp`, over standard input, so that no copy lies in a folder of ours. Throws PRINTER_FAILED. */
export function printPdf(pdf: Uint8Array, printer: string, title: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (why: string): GlasskeyError =>
      new GlasskeyError('PRINTER_FAILED', `printer ${printer} did not take "${title}": ${why}`, 'The PDF is in the folder named above; print it by hand.')
    const lp = spawn('lp', ['-d', printer, '-t', title, '--', '-'], { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: '/usr/bin:/bin' } })
    let said = ''
    lp.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    lp.on('error', (error) => {
      reject(failed(error.message))
    })
    lp.on('close', (code) => {
      if (code === 0) resolve()
      else reject(failed(said.trim() || `lp ended with ${String(code)}`))
    })
    lp.stdin.on('error', () => undefined)
    lp.stdin.end(Buffer.from(pdf))
  })
}
