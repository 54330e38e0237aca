/** Decoding with a clock: a thread that takes too long over a page is ended. */

import { Worker } from 'node:worker_threads'
import { GlasskeyError } from '../errors.js'
import type { DecodedPage } from './decode.js'
import { LIMITS } from './limits.js'
import { overLimit, unreadable } from './refusals.js'
import type { Progress } from './worker.js'

/** The thread's code lies beside this file, compiled. */
const WORKER = new URL('./worker.js', import.meta.url)

/** How long decoding may take, in milliseconds. */
export interface Allowance { readonly page: number, readonly total: number }

/**
 * Decodes files one after another. All pages of all files share the total.
 *
 * @param allowance for tests; the table of limits otherwise
 */
export class TimedDecoding {
  readonly #allowance: Allowance
  readonly #started = performance.now()
  #worker: Worker | null = null

  constructor(allowance: Allowance = { page: LIMITS.pageTime, total: LIMITS.totalTime }) {
    this.#allowance = allowance
  }

  /**
   * The pages of one file. `bytes` is given away: the caller cannot use it afterwards.
   *
   * @throws {GlasskeyError} SCAN_UNREADABLE, LIMIT_EXCEEDED
   */
  async* decode(bytes: Uint8Array<ArrayBuffer>, file: string): AsyncGenerator<DecodedPage> {
    const worker = this.#worker ??= new Worker(WORKER, { env: {}, stdout: true, stderr: true })
    const next = this.#listen(worker, file)
    worker.postMessage({ file, bytes }, [bytes.buffer])
    let last = 0
    for (;;) {
      const progress = await next(last + 1)
      if (progress.kind === 'end') return
      if (progress.kind === 'error') throw new GlasskeyError(progress.code, progress.message, progress.hint)
      last = progress.page
      yield { page: progress.page, texts: progress.texts }
    }
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    await worker?.terminate()
  }

  /** Messages of the thread in order; waiting for one is what the clock runs on. */
  #listen(worker: Worker, file: string): (page: number) => Promise<Progress> {
    const arrived: Progress[] = []
    let wake: (() => void) | null = null
    let failed = false
    worker.removeAllListeners()
    worker.on('message', (progress: Progress) => {
      arrived.push(progress)
      wake?.()
    })
    for (const event of ['error', 'exit']) {
      worker.on(event, () => {
        failed = true
        wake?.()
      })
    }
    return async (page) => {
      const left = Math.min(this.#allowance.page, this.#allowance.total - (performance.now() - this.#started))
      let timer: NodeJS.Timeout | undefined
      if (arrived.length === 0 && !failed && left > 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
          timer = setTimeout(resolve, left)
        })
      }
      clearTimeout(timer)
      wake = null
      const progress = arrived.shift()
      if (progress !== undefined) return progress
      // Decided before the thread is ended: its end looks like a failure too.
      const refusal = failed ? unreadable({ file, page }, 'the decoder failed', 'Scan it again.')
        : overLimit({ file, page }, 'takes too long to read', 'Scan it again at 150 to 300 dpi, with fewer files at a time.')
      await this.close()
      throw refusal
    }
  }
}
