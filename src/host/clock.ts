/** The machine's clocks. */
import { uptime } from 'node:os'
import type { Reading } from '../warrant/deadline.js'

/** Wall clock and time since boot (suspension included), in ms, read together. */
export function readClocks(): Reading {
  return { wall: Date.now(), uptime: Math.round(uptime() * 1000) }
}

/** The wall clock. */
export function wallClock(): Date {
  return new Date()
}

/** Waits; resolves early, without an error, when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done)
  })
}
