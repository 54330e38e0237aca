/** Signals before there is anybody to answer them. */
import { afterEach, expect, test, vi } from 'vitest'
import { Attention } from '../../src/breakglass/attention.js'

let said = ''
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP'] as const
const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]))
afterEach(() => {
  for (const [signal, listeners] of before) for (const one of process.listeners(signal)) if (!listeners.includes(one)) process.off(signal, one)
  said = ''
  vi.restoreAllMocks()
})

test('a signal that came while a session was being opened waits for the first answer, and is not lost', () => {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true))
  const attention = new Attention()
  process.emit('SIGINT')
  process.emit('SIGTERM')
  expect(said).toContain('Ctrl-C: stopping, as soon as what is being done is done. No share was read.\n')
  const answers: string[] = []
  attention.heed((signal, cause) => answers.push(`${signal} ${cause}`))
  expect(answers).toEqual(['SIGINT Ctrl-C'])
  attention.heed((signal) => answers.push(`then ${signal}`))
  expect(answers).toHaveLength(1)
  process.emit('SIGHUP')
  expect(answers.at(-1)).toBe('then SIGHUP')
  attention.over()
  process.emit('SIGINT')
  expect(said).toContain('Ctrl-C: it is ending. Papers are being made, half a minute each at most; then follow the result and what to do next.\n')
  expect(answers).toHaveLength(2)
  expect([attention.asked.aborted, attention.cause]).toEqual([true, 'Ctrl-C'])
})
