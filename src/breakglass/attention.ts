/** What signals mean while a session runs: whoever sends them, they never end it past its exit, and never suspend it. */
import { say } from '../host/terminal.js'

const CAUSES = { SIGINT: 'Ctrl-C', SIGQUIT: 'Ctrl-\\', SIGHUP: 'the terminal was closed', SIGTERM: 'the session was told to end (SIGTERM)' } as const

/** Signals that ask a session to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Answers a signal: `cause` names it for people. */
export type Answer = (signal: (typeof SIGNALS)[number], cause: string) => void

/** From its making on no signal takes this process away; what the answer is may change. The first one that came before there was an answer waits for it. */
export class Attention {
  #waiting: Parameters<Answer> | null = null
  readonly #asked = new AbortController()
  #answer: Answer = (signal, cause) => {
    this.#waiting ??= [signal, cause]
    say(`${cause}: stopping, as soon as what is being done is done. No share was read.`, 'alarm')
  }

  constructor() {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        // Only the first time: the reason stays.
        this.#asked.abort(CAUSES[signal])
        this.#answer(signal, CAUSES[signal])
      })
    }
    process.on('SIGTSTP', refuseSuspension)
  }

  /** What asked first for an end, in words; null: nothing has. */
  get cause(): string | null {
    return this.#asked.signal.aborted ? String(this.#asked.signal.reason) : null
  }

  /** Aborts when that happens: for what waits, and may be left. */
  get asked(): AbortSignal {
    return this.#asked.signal
  }

  /** From now on signals are answered so. */
  heed(answer: Answer): void {
    this.#answer = answer
    if (this.#waiting) answer(...this.#waiting)
    this.#waiting = null
  }

  /** The session is over. What is left, until this process ends, is to make its papers and to say what comes next. */
  over(): void {
    // What came before was answered, and is why it is over.
    this.#waiting = null
    this.heed(whileEnding)
  }
}

/** The process with the key is gone, and somebody else's login deletes the key. */
export const whileRemoving: Answer = (_, cause) => {
  say(`${cause}: this machine has no key any more. The used one is being deleted by the remover's login; that goes on to its end.`, 'alarm')
}

/** Whoever pressed Ctrl-C to end the proof presses it once more: what comes after the papers is how the session ended, and what to do. */
const whileEnding: Answer = (_, cause) => {
  say(`${cause}: it is ending. Papers are being made, half a minute each at most; then follow the result and what to do next.`, 'alarm')
}

/**
 * During the proof no key exists any more. Ctrl-C is told so; another one ends the probing, and what is known by then is entered.
 * Other signals do not: nobody read what they were told. Nor does a key that is held down or hit in anger.
 */
export function whileProving(stop: AbortController): Answer {
  let pressed: number | null = null
  return (signal, cause) => {
    if (stop.signal.aborted) {
      say(`${cause}: it is ending. What is known by now is being entered.`, 'alarm')
      return
    }
    if (signal === 'SIGINT') {
      const now = performance.now()
      if (pressed !== null && now - pressed > READING_MS) {
        say('Stopped: no probe is sent any more. What is known by now is entered, and what comes next is said.', 'alarm')
        stop.abort()
        return
      }
      pressed = now
    }
    say(`${cause}: this machine has no key any more. What runs now is the proof that the used one is dead, and it goes on. To stop it all the same, wait ${READING_MS / 1000} s and press Ctrl-C; it is then finished later by glasskey resume.`, 'alarm')
  }
}

/** How long it takes to read what Ctrl-C was told. */
const READING_MS = 2000

/** A stopped desk is a key that nobody can rotate: it would lie in this machine for as long as people forget it. */
function refuseSuspension(): void {
  say('Ctrl-Z does nothing here: a session cannot be put aside. Ctrl-C ends it in order.', 'alarm')
}
