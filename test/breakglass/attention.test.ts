/** Signals before there is anybody to answer them. */
import { afterEach, expect, test, vi } from 'vitest'
import { Attention } from '../../src/breakglass/attention.js'

let said = ''
let attention: Attention | undefined
afterEach(() => {
  attention?.end()
  said = ''
  vi.restoreAllMocks()
})

test('a signal that came while a session was being opened waits for the first answer, and is not lost', () => {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true))
  attention = new Attention()
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
})
