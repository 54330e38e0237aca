/**
 * People at a terminal. Every step is shown before it is confirmed; wherever something is asked, `d` opens an exception
 * sheet, `b` begins a break, and Ctrl-C ends the ceremony.
 */
import { GlasskeyError } from '../errors.js'
import { ask, isInteractive, listenAgain, say } from '../host/terminal.js'
import { typeShare, type Typed } from '../host/typed-share.js'
import { holdsSheetCode, SHEET_CODE_ANSWERED } from '../custody/sheet-code.js'
import type { KnownSheets } from '../custody/typed-header.js'
import { hexToWords } from '../custody/words.js'
import { Aside, type Decided, type Finding, type People, type Question } from './people.js'
import type { Act, Script, Step } from './script.js'

/** Characters of a line on the narrowest terminal that a ceremony is held at. */
const WIDTH = 80
const INDENT = '      '
/** So often is a terminal opened again that says it has ended: one that always does, nobody sits at. */
const SLIPS = 100

/** The dialogue. Throws NO_TERMINAL when nobody is there. */
export class AtTheTerminal implements People {
  readonly conduct = 'dialogue'
  readonly did = 'confirmed'
  readonly stop: AbortSignal
  #acts = 0

  constructor(stop: AbortSignal) {
    if (!isInteractive()) throw new GlasskeyError('NO_TERMINAL', 'a ceremony is a dialogue, and there is no terminal to hold it at', 'Run it on a terminal. A practice run without people: --rehearsal --yes.')
    this.stop = stop
  }

  begin(script: Script): void {
    this.#acts = script.acts.length
    say('')
    say(`The ceremony "${script.codeName}", about ${script.minutes} minutes.`, 'strong')
    say(`Script, SHA-256: ${script.sha256}`)
    wrapped(hexToWords(script.sha256), INDENT)
    say('Wherever you are asked: Enter goes on, d opens an exception sheet, b begins a break, Ctrl-C ends the ceremony.', 'faint')
  }

  act({ number, title, intro }: Act): void {
    const heading = `── Act ${number} of ${this.#acts}: ${title} `
    say('')
    say(heading.padEnd(WIDTH, '─'), 'strong')
    wrapped(intro, '')
  }

  step({ number, who, minutes, text, before }: Step, { at, of }: { at: number; of: number }, shown: readonly string[]): void {
    say('')
    say(`${number.padEnd(INDENT.length)}${who}, ${minutes} min`.padEnd(WIDTH - 16) + `step ${at} of ${of}`.padStart(16), 'strong')
    if (before !== null) wrapped(`Only if: ${before}`, INDENT)
    wrapped(text, INDENT)
    for (const line of shown) say(`${INDENT}${line}`, 'good')
  }

  found(what: string): void {
    say(`${INDENT}${what.charAt(0).toUpperCase()}${what.slice(1)}.`, 'good')
  }

  async judge(): Promise<void> {
    for (;;) {
      const answer = await this.#answer('Is what it depends on true? (yes/no)', 'a terminal')
      if (answer === 'yes' || answer === 'y') return
      say(`${INDENT}${answer === 'no' || answer === 'n' ? 'Then the step cannot begin. Mend it and type yes; or type d, and decide by name.' : 'Please type yes or no; or d for an exception sheet.'}`)
    }
  }

  async enter(words: string): Promise<void> {
    for (;;) {
      const answer = await this.#answer(`[Enter] ${words}`, '--rehearsal --yes')
      if (answer === '') return
      say(INDENT + 'Press Enter alone when it is done; or type d for an exception sheet, b for a break.')
    }
  }

  async ask({ text, flag, initial, check }: Question): Promise<string> {
    for (;;) {
      const typed = await this.#answer(initial === null || initial === '' ? `${text}:` : `${text} [${initial}]:`, flag)
      const answer = typed === '' ? initial : typed
      if (answer === null) {
        say(INDENT + 'Something must be written down here; or type d for an exception sheet.')
        continue
      }
      const wrong = check?.(answer) ?? wrongInRecord(answer)
      if (wrong === null) return answer
      say(INDENT + wrong, 'alarm')
    }
  }

  async typeShare(known: KnownSheets): Promise<Typed> {
    return typeShare({ question: 'Type the share from the paper.', flag: '--rescan', known, signal: this.stop })
  }

  async mend({ expected, found, waivable, refusal }: Finding): Promise<'again' | 'exception'> {
    say(`${INDENT}NOT AS IT MUST BE: ${found}.`, 'alarm')
    say(`${INDENT}Expected: ${expected}.`)
    for (;;) {
      const answer = await this.#plain(waivable ? 'm: it is mended, look again   d: exception sheet   q: end the ceremony' : 'm: it is mended, look again   q: end the ceremony')
      if (answer === 'm') return 'again'
      if (answer === 'd' && waivable) return 'exception'
      if (answer === 'q') throw refusal
      if (answer === 'd') say(INDENT + 'This cannot be waived by anybody: mend it, or end the ceremony.', 'alarm')
    }
  }

  async writeAgain(failure: GlasskeyError): Promise<void> {
    say('')
    say(`${INDENT}NOT WRITTEN: ${failure.message}.`, 'alarm')
    say(INDENT + failure.hint)
    say(`${INDENT}Nothing is lost, but it is in this machine's memory alone. Make room, or put the stick back at the same place.`)
    say(`${INDENT}Once the transcript is closed, another stick there does as well.`)
    let slips = 0
    while (slips < SLIPS) {
      // A Ctrl-C from before, or a key pressed by a slip of the hand, must not lose it.
      const answer = await ask(`${INDENT}m: it is mended, write again   q: end the ceremony`, 'a terminal').catch(() => null)
      if (answer === 'm') return
      if (answer === 'q' || (answer === null && !listenAgain())) break
      if (answer !== null) continue
      slips += 1
      say(INDENT + 'Ctrl-D ends nothing here: type q to end the ceremony, and m to write again.')
    }
    // Also where nobody is there any more: what could not be written is the reason, not that.
    throw failure
  }

  async exception(number: number, step: Step, known: { expected: string; happened: string | null }, names: readonly string[]): Promise<Decided> {
    say('')
    say(`Exception ${number}, at step ${step.number}. Fill in a sheet of this number on paper too.`, 'alarm')
    const expected = known.expected
    wrapped(`Expected: ${expected}`, INDENT)
    const happened = known.happened ?? (await this.#needed('What happened'))
    if (known.happened !== null) wrapped(`Happened: ${happened}`, INDENT)
    const decision = await this.#needed('What is decided')
    const [first = ''] = names
    for (;;) {
      const typed = await this.#plain(first === '' ? 'Who decides, by name:' : `Who decides, by name [${first}]:`)
      const decidedBy = typed === '' ? first : typed
      if (decidedBy === '') continue
      const wrong = wrongInRecord(decidedBy)
      if (wrong === null && (names.length === 0 || names.includes(decidedBy))) return { expected, happened, decision, decidedBy }
      if (wrong !== null) say(INDENT + wrong, 'alarm')
      else say(`${INDENT}Nobody of that name is in the table of roles: ${names.join(', ')}.`)
    }
  }

  async pause(): Promise<{ reason: string; back: number }> {
    const reason = await this.#needed('Why a break')
    say(INDENT + 'The record goes into a bag, all leave together, the room is locked.')
    for (;;) {
      const back = await this.#plain('When all are back and the bag is whole: how many people are here?')
      if (/^\d{1,3}$/.test(back)) return { reason, back: Number(back) }
    }
  }

  /** As `ask`, and the two letters mean what they mean everywhere. */
  async #answer(question: string, flag: string): Promise<string> {
    const answer = await ask(`${INDENT}${question}`, flag, this.stop)
    if (answer === 'd') throw new Aside('exception')
    if (answer === 'b') throw new Aside('break')
    return answer
  }

  #plain(question: string): Promise<string> {
    return ask(`${INDENT}${question}`, 'a terminal', this.stop)
  }

  async #needed(what: string): Promise<string> {
    for (;;) {
      const answer = await this.#plain(`${what}:`)
      const wrong = wrongInRecord(answer)
      if (answer !== '' && wrong === null) return answer
      if (wrong !== null) say(INDENT + wrong, 'alarm')
    }
  }
}

/** What must not be in a public record, whatever was asked, or null. */
function wrongInRecord(answer: string): string | null {
  return holdsSheetCode(answer) ? SHEET_CODE_ANSWERED : null
}

/** Says a text in lines of at most WIDTH characters. */
function wrapped(text: string, indent: string): void {
  let line = indent
  for (const word of text.split(' ')) {
    if (line.length > indent.length && line.length + 1 + word.length > WIDTH) {
      say(line)
      line = indent
    }
    line += line.length > indent.length ? ` ${word}` : word
  }
  say(line)
}
