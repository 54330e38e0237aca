/** The thread that decodes: it can be stopped in the middle of a decoder's loop, which the main thread cannot. */

import { parentPort } from 'node:worker_threads'
import { GlasskeyError, type ErrorCode } from '../errors.js'
import { decode } from './decode.js'

/** A file to decode. */
export interface Job { readonly file: string, readonly bytes: Uint8Array }

/** A page, or how the file ended. */
export type Progress =
  | { readonly kind: 'page', readonly page: number, readonly texts: readonly string[] }
  | { readonly kind: 'end' }
  | { readonly kind: 'error', readonly code: ErrorCode, readonly message: string, readonly hint: string }

parentPort?.on('message', (job: Job) => {
  void work(job, (progress) => parentPort?.postMessage(progress))
})

async function work({ file, bytes }: Job, report: (progress: Progress) => void): Promise<void> {
  try {
    for await (const { page, texts } of decode(bytes, file)) report({ kind: 'page', page, texts })
    report({ kind: 'end' })
  } catch (error) {
    // Decoders may put anything into their messages, so only our own words go out.
    report(error instanceof GlasskeyError
      ? { kind: 'error', code: error.code, message: error.message, hint: error.hint }
      : { kind: 'error', code: 'SCAN_UNREADABLE', message: `${file}: the decoder failed`, hint: 'Scan it again.' })
  }
}
