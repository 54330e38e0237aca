/**
 * Typing a share on a terminal, group by group. What is typed is taken away from the screen as soon as it is accepted or
 * given up, and lines that are done are covered; a repair is only offered, and only to be compared with the paper.
 *
 * Without a line editor of the terminal (raw mode), so that a group is looked at when its last character comes, and not when
 * somebody presses Enter. Where the terminal cannot be drawn on, whole lines are read instead.
 */
import { StringDecoder } from 'node:string_decoder'
import { readingOf, type KnownSheets, type Reading } from '../custody/typed-header.js'
import { back, erase, forward, goTo, groupSize, GROUPS, isBegun, isComplete, mend, NOTHING_TYPED, take, textOf, type Typing } from '../custody/typing.js'
import { GlasskeyError } from '../errors.js'
import { Block, type BlockLine } from './block.js'
import { keysIn, type Editing, type Key } from './keys.js'
import { ask, askYesNo, endRawMode, isInteractive, requireListening, whereToAsk } from './terminal.js'

/** How typing ended: a text whose checksum holds, a sheet that was put away because it is the wrong one, or nothing. */
export type Typed = { text: string } | { wrongSheet: GlasskeyError } | 'nothing'

/** What is asked for. */
export interface TypingRequest {
  question: string
  /** What a script would have used. */
  flag: string
  known: KnownSheets
  /** Said at an Enter with nothing typed; only the next one ends then. A scanner may send two, and so may a tired hand. Left out: the first one ends. */
  ending?: string
  signal?: AbortSignal
}

const HELP = 'Type the groups as printed; case and spaces do not matter. ? for a character that cannot be read, < back a group, Enter at the end or to stop.'
/** Said where nothing can be covered. */
const KEPT = 'This terminal keeps what is typed, on its screen and in its scroll-back: clear both, or close it, before anybody else sees them.'
/** Groups of a printed line. */
const LINE = 5
const BELL = '\u0007'

/** One share, typed, pasted or from a scanner that types. Throws NO_TERMINAL, and INTERRUPTED as `ask` does. */
export async function typeShare(request: TypingRequest): Promise<Typed> {
  if (!isInteractive()) throw new GlasskeyError('NO_TERMINAL', `there is nobody to ask: ${request.question}`, whereToAsk(`use ${request.flag}`))
  requireListening(request.question)
  const console = process.env['TERM'] === 'dumb' ? new LineConsole(request) : new DrawnConsole(request)
  let now: Now = { typing: NOTHING_TYPED, said: null, uncovered: false }
  try {
    for (;;) {
      now = await console.untilEnter(now)
      const done = await entered(now, request, console)
      if ('ended' in done) return done.ended
      now = done
    }
  } finally {
    console.close()
  }
}

/** Where typing stands: the groups, what was complained of last, and whether all of them are shown for comparing. */
interface Now {
  typing: Typing
  said: string | null
  uncovered: boolean
}

/** A way to type: by keys, or by lines. */
interface Console {
  /** What was typed when Enter was pressed. */
  untilEnter(now: Now): Promise<Now>
  /** Whether the paper reads as the question says. */
  confirm(now: Now, question: string): Promise<boolean>
  close(): void
}

/** Enter: the end, a sheet that is put away, or what is still wrong. */
async function entered(now: Now, { known, ending }: TypingRequest, console: Console): Promise<Now | { ended: Typed }> {
  const { typing } = now
  if (!isBegun(typing)) return ending === undefined || now.said === ending ? { ended: 'nothing' } : { ...now, said: ending }
  const mended = isComplete(typing) && typing.code === null ? mend(typing) : null
  // A whole one is given to whoever judges it, even of the wrong set: it was seen, and that is written down.
  if (mended?.found === 'right' || typing.code !== null) return { ended: { text: textOf(typing) } }
  const reading = readingOf(typing, known)
  if (reading?.level === 'wrong sheet' && reading.error) return { ended: { wrongSheet: reading.error } }
  if (!mended) return { ...now, said: stillMissing(typing) }
  if (mended.found === 'too many') {
    return { typing: goTo(typing, 0), uncovered: true, said: 'The checksum does not fit, and it cannot be told where. Compare every group with the paper; > goes on to the next, and typing replaces one.' }
  }
  const named = mended.groups.map((at) => `group ${at + 1}`).join(' and ')
  const compare = mended.groups.map((at) => `group ${at + 1} "${mended.repair.groups[at]?.toUpperCase() ?? ''}" (typed: "${typing.groups[at]?.toUpperCase() ?? ''}")`).join(' and ')
  const said = `${named.charAt(0).toUpperCase()}${named.slice(1)} ${mended.groups.length === 1 ? 'looks' : 'look'} wrong.`
  if (await console.confirm({ ...now, said }, `Look at the paper, not at the screen. Does it read ${compare}?`)) return { ended: { text: textOf(mended.repair) } }
  return { ...now, typing: goTo(typing, mended.groups[0] ?? 0), said: `${said} Type ${mended.groups.length === 1 ? 'it' : 'them'} again as the paper has it.` }
}

function stillMissing(typing: Typing): string | null {
  const group = typing.groups[typing.at] ?? ''
  return group === '' ? null : `Group ${typing.at + 1} is not complete: a whole one has ${groupSize(typing, typing.at)} characters.`
}

/** A key pressed in a state. */
function pressed(now: Now, key: Editing): Now {
  const { typing } = now
  if ('characters' in key) {
    const taken = take(typing, key.characters)
    // A complaint stands until its group is done: the next key comes before anybody has read it.
    return { ...now, typing: taken.typing, said: taken.complaint ?? (taken.typing.at === typing.at && taken.typing.code === null ? now.said : null) }
  }
  switch (key.press) {
    case 'erase':
      return { ...now, typing: erase(typing), said: null }
    case 'clear':
      return { typing: NOTHING_TYPED, said: null, uncovered: false }
    case 'back':
      return { ...now, typing: back(typing), said: null }
    case 'forward':
      return { ...now, typing: forward(typing), said: null }
  }
}

/** On a terminal that can be drawn on. */
class DrawnConsole implements Console {
  readonly #block = new Block()
  readonly #request: TypingRequest
  readonly #decoder = new StringDecoder('utf8')
  #alarm: string | null = null

  constructor(request: TypingRequest) {
    this.#request = request
  }

  async untilEnter(before: Now): Promise<Now> {
    let now = before
    process.stdin.setRawMode(true)
    for (;;) {
      this.#draw(now)
      const bytes = await nextBytes(this.#request.signal)
      for (const { key, rest } of keysIn(bytes, this.#decoder)) {
        if (isEnter(key, now.typing)) {
          // A scanner may have typed the next sheet already.
          process.stdin.unshift(rest())
          return now
        }
        if (!('control' in key)) {
          const next = pressed(now, key)
          // Nothing was taken: the bell rings, though it says the same as before.
          if (next.said !== null && next.typing === now.typing) this.#alarm = null
          now = next
        } else if (key.control === 'interrupt') await interrupt(this.#request.signal)
        else if (key.control === 'end' && !isBegun(now.typing)) throw new GlasskeyError('INTERRUPTED', `stopped at the question: ${this.#request.question}`, 'Nothing was decided.')
      }
    }
  }

  async confirm(now: Now, question: string): Promise<boolean> {
    // Every group is covered: the question shows what is to be compared, and Ctrl-Z would leave the others on the screen.
    this.#draw({ ...now, uncovered: false }, false)
    // Only a whole word, by the terminal's own editing: what is left of a paste must not say yes.
    process.stdin.setRawMode(false)
    const leaving = new AbortController()
    const leave = (): void => {
      // The terminal has shown what was typed so far, and ^C.
      this.#block.below(`${question} (yes/no)`)
      leaving.abort('Ctrl-C')
    }
    // Where nobody waits for the signal, it would end the process with the question, and the group in it, on the screen.
    if (!this.#request.signal) process.once('SIGINT', leave)
    try {
      for (;;) {
        const answer = await ask(`${question} (yes/no)`, this.#request.flag, this.#request.signal ?? leaving.signal)
        this.#block.below(`${question} (yes/no) ${answer}`)
        if (/^(yes|no)$/i.test(answer)) return answer.toLowerCase() === 'yes'
      }
    } finally {
      process.off('SIGINT', leave)
    }
  }

  close(): void {
    endRawMode()
    this.#block.clear()
  }

  /** `typing` false: something else is asked below, and every group is covered. */
  #draw(now: Now, typing = true): void {
    const reading = readingOf(now.typing, this.#request.known)
    const alarm = now.said ?? (reading?.level === 'wrong sheet' || reading?.level === 'look again' ? reading.text : null)
    if (alarm !== null && alarm !== this.#alarm) process.stderr.write(BELL)
    this.#alarm = alarm
    this.#block.draw([{ text: this.#request.question, tone: 'strong' }, { text: HELP, tone: 'faint' }, ...rows(now, !typing), ...spoken(now, reading).slice(0, typing ? undefined : -1)])
  }
}

/** Scanners end a text with a tabulator as often as with Enter. */
function isEnter(key: Key, typing: Typing): boolean {
  return 'control' in key ? key.control === 'enter' : 'characters' in key && key.characters === '\t' && isComplete(typing)
}

/** The lines of groups as they stand on the sheet. Lines that are done are covered. */
function rows({ typing, uncovered }: Now, covered: boolean): BlockLine[] {
  if (typing.code !== null) return []
  const current = Math.min(typing.at, GROUPS - 1)
  return Array.from({ length: Math.ceil(GROUPS / LINE) }, (_, row) => {
    const isCurrent = !covered && Math.floor(current / LINE) === row
    const cells = typing.groups.slice(row * LINE, (row + 1) * LINE).map((group, place) => {
      const at = row * LINE + place
      const size = groupSize(typing, at)
      const shown = uncovered || isCurrent ? group.toUpperCase() : '*'.repeat(group.length)
      const cell = shown.padEnd(size, '.')
      return at === typing.at ? `[${cell}]` : ` ${cell} `
    })
    return { text: `${String(row * LINE + 1).padStart(4)}  ${cells.join('')}` }
  })
}

function spoken({ typing, said }: Now, reading: Reading | null): BlockLine[] {
  const where = typing.code !== null ? 'Enter at its end.' : typing.at >= GROUPS ? `All ${GROUPS} groups are there: press Enter.` : `Group ${typing.at + 1} of ${GROUPS}.`
  return [
    ...(reading ? [{ text: reading.text, tone: reading.level === 'good' ? 'good' as const : reading.level === 'plain' ? 'plain' as const : 'alarm' as const }] : []),
    ...(said === null ? [] : [{ text: said, tone: 'alarm' as const }]),
    { text: reading?.level === 'wrong sheet' ? 'Enter puts this sheet away.' : where },
  ]
}

/** On a terminal that only takes lines: each may hold one group or many. */
class LineConsole implements Console {
  readonly #request: TypingRequest

  constructor(request: TypingRequest) {
    this.#request = request
  }

  async untilEnter(before: Now): Promise<Now> {
    const { known, question, flag, signal } = this.#request
    let now = before
    for (;;) {
      const lines = isBegun(now.typing) ? spoken(now, readingOf(now.typing, known)).map(({ text }) => text) : [question, HELP, KEPT]
      const line = await ask(`${lines.join('\n')}\n>`, flag, signal)
      for (const { key } of keysIn(Buffer.from(line), new StringDecoder('utf8'))) {
        if (!('control' in key)) now = pressed(now, key)
      }
      if (line === '' || (isComplete(now.typing) && now.said === null)) return now
    }
  }

  async confirm({ said }: Now, question: string): Promise<boolean> {
    return askYesNo(`${said ?? ''}\n${question}`, this.#request.flag, this.#request.signal)
  }

  close(): void {
    // Nothing to take away: such a terminal keeps its lines.
  }
}

/** The next bytes of the terminal. */
async function nextBytes(signal?: AbortSignal): Promise<Buffer> {
  const { stdin } = process
  let stop = (): void => undefined
  try {
    return await new Promise<Buffer>((done, reject) => {
      const heard = (bytes: Buffer): void => {
        // At once: what comes before the next question waits for it.
        stdin.pause()
        done(bytes)
      }
      const over = (): void => {
        reject(new GlasskeyError('INTERRUPTED', signal?.aborted === true ? `stopped: ${String(signal.reason)}` : 'stopped while a share was typed: the terminal is gone'))
      }
      stop = () => {
        stdin.off('data', heard).off('end', over).off('error', over).pause()
        signal?.removeEventListener('abort', over)
      }
      signal?.addEventListener('abort', over)
      if (signal?.aborted === true) over()
      stdin.once('data', heard).once('end', over).once('error', over).resume()
    })
  } finally {
    stop()
  }
}

/**
 * Ctrl-C, which this mode of the terminal makes a key. Where somebody waits for the signal (the desk of a session), it goes
 * where the terminal would have sent it, and comes back as `signal`.
 */
async function interrupt(signal?: AbortSignal): Promise<void> {
  if (!signal) throw new GlasskeyError('INTERRUPTED', 'stopped: Ctrl-C', 'Nothing was decided.')
  process.kill(0, 'SIGINT')
  if (!signal.aborted) await new Promise((done) => { signal.addEventListener('abort', done, { once: true }) })
  throw new GlasskeyError('INTERRUPTED', `stopped: ${String(signal.reason)}`)
}
