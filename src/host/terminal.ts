/**
 * Talking to people. Talk and progress go to standard error, so that standard output carries only what was asked for.
 * Questions are put only on a terminal, line by line (the terminal's own editing; Ctrl-C stays a signal); only a share is
 * typed key by key (typed-share.ts). Colour is an aid and never the only carrier of a meaning.
 */
import { openSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { ReadStream } from 'node:tty'
import { GlasskeyError } from '../errors.js'

/** How a line is meant. */
export type Tone = 'plain' | 'good' | 'alarm' | 'faint' | 'strong'

const CODES: Record<Tone, string> = { plain: '', good: '32', alarm: '1;31', faint: '2', strong: '1' }

/** Whether people are in front of it. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** What is done where nobody can be asked. `otherwise` is how it goes without asking. */
export function whereToAsk(otherwise: string): string {
  return process.stdin.isTTY && !process.stderr.isTTY ? `Questions go to standard error: leave it on the terminal, with nothing that records it, or ${otherwise}.` : `Run this on a terminal, or ${otherwise}.`
}

/** Text with everything that a terminal would obey, or an eye would miss, written out: `[U+001B]`. Line ends and tabs stay. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (hidden) => (hidden === '\n' || hidden === '\t' ? hidden : `[U+${(hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`))
}

/** The same for text that was toned in parts: our own tones stay, and nothing else does. */
export function visibleToned(text: string): string {
  return text.split(OUR_TONES).map((part, at) => (at % 2 === 1 ? part : visible(part))).join('')
}

/** The sequences that `toned` writes, and only those. */
const OUR_TONES = /(\u001b\[(?:0|1|2|32|1;31)m)/

/** Text in colour where the terminal wants colour (NO_COLOR, see no-color.org). */
export function toned(text: string, tone: Tone, stream: { isTTY?: boolean } = process.stderr): string {
  const wanted = stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb'
  return wanted && tone !== 'plain' ? `\u001b[${CODES[tone]}m${visible(text)}\u001b[0m` : visible(text)
}

/**
 * A terminal that takes nothing (Ctrl-S, a connection that hangs) must not hold up a process with a key to rotate: what it
 * does not take waits in memory. Node makes writing to a terminal wait, and offers no other way to undo it.
 */
export function neverWait(stream: NodeJS.WriteStream): void {
  const { _handle } = stream as { _handle?: { setBlocking?: (wait: boolean) => unknown } }
  if (stream.isTTY) _handle?.setBlocking?.(false)
}

/** A word of a command that people copy: in quotes where the shell would take it apart. */
export function shellWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Says a line. */
export function say(text: string, tone: Tone = 'plain'): void {
  process.stderr.write(toned(text, tone) + '\n')
}

/** Gives the terminal its own line editing back. One that is gone (EIO) has nothing to get back, and must not hide why it is left. */
export function endRawMode(): void {
  try {
    process.stdin.setRawMode(false)
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

/**
 * Listens to the terminal again after Ctrl-D, which for Node is the end of standard input for good. Answers false when the
 * terminal is gone.
 */
export function listenAgain(): boolean {
  try {
    const again = new ReadStream(openSync('/dev/tty', 'r'))
    // As Node's own: a question keeps the process waiting, and a terminal where nothing is asked does not.
    again.on('pause', () => again.unref()).on('resume', () => again.ref())
    Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, value: again })
    return true
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return false
  }
}

/** Nobody would answer where input has ended (Ctrl-D, before), and nothing would keep the process waiting. Throws INTERRUPTED. */
export function requireListening(question: string): void {
  if (process.stdin.readableEnded || process.stdin.destroyed) throw notAnswered(question)
}

function notAnswered(question: string): GlasskeyError {
  return new GlasskeyError('INTERRUPTED', `stopped at the question: ${question}`, 'Nothing was decided.')
}

/**
 * Asks and returns the line typed, trimmed. `flag` is what a script would have used. Throws NO_TERMINAL where there is
 * nobody to ask, and INTERRUPTED when the wait is called off or the input ends (Ctrl-D).
 */
export async function ask(question: string, flag: string, signal?: AbortSignal): Promise<string> {
  if (!isInteractive()) throw new GlasskeyError('NO_TERMINAL', `there is nobody to ask: ${question}`, whereToAsk(`use ${flag}`))
  requireListening(question)
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  let stopped = (): void => undefined
  const ended = new Promise<never>((_, reject) => {
    stopped = () => {
      reject(notAnswered(question))
    }
    lines.once('close', stopped)
    // Reading a terminal that is gone, or that another job has, ends in an error.
    lines.on('error', stopped)
    process.stdin.on('error', stopped)
  })
  try {
    const line = await Promise.race([lines.question(`${visible(question)} `, signal ? { signal } : {}), ended])
    return line.trim()
  } catch (error) {
    if (signal?.aborted === true) throw new GlasskeyError('INTERRUPTED', `stopped: ${String(signal.reason)}`)
    throw error
  } finally {
    process.stdin.off('error', stopped)
    lines.close()
  }
}

/** Asks until the answer is yes or no. */
export async function askYesNo(question: string, flag: string, signal?: AbortSignal): Promise<boolean> {
  for (;;) {
    const answer = (await ask(`${question} (yes/no)`, flag, signal)).toLowerCase()
    if (answer === 'yes' || answer === 'no') return answer === 'yes'
    say('Please type yes or no.')
  }
}
