/** What signals mean while a session runs: whoever sends them, they never end it past its exit, and never suspend it. */
import { say } from '../host/terminal.js'

const CAUSES = { SIGINT: 'Ctrl-C', SIGQUIT: 'Ctrl-\\', SIGHUP: 'the terminal was closed', SIGTERM: 'the session was told to end (SIGTERM)' } as const

/** Signals that ask a session to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Answers a signal: `cause` names it for people. */
export type Answer = (signal: (typeof SIGNALS)[number], cause: string) => void

/** From its making to its end no signal takes this process away; what the answer is may change in between. The first one that came before there was an answer waits for it. */
export class Attention {
  #waiting: Parameters<Answer> | null = null
  #first: string | null = null
  #answer: Answer = (signal, cause) => {
    this.#waiting ??= [signal, cause]
    say(`${cause}: stopping, as soon as what is being done is done. No share was read.`, 'alarm')
  }
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[]

  constructor() {
    const asks = SIGNALS.map((signal) => [signal, () => {
      this.#first ??= CAUSES[signal]
      this.#answer(signal, CAUSES[signal])
    }] as const)
    this.#handlers = [...asks, ['SIGTSTP', refuseSuspension]]
    for (const [signal, handler] of this.#handlers) process.on(signal, handler)
  }

  /** What asked first for an end, in words; null: nothing has. */
  get cause(): string | null {
    return this.#first
  }

  /** From now on signals are answered so. */
  heed(answer: Answer): void {
    this.#answer = answer
    if (this.#waiting) answer(...this.#waiting)
    this.#waiting = null
  }

  /** Signals do again what they do to any process. */
  end(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler)
  }
}

/** A stopped desk is a key that nobody can rotate: it would lie in this machine for as long as people forget it. */
function refuseSuspension(): void {
  say('Ctrl-Z does nothing here: a session cannot be put aside. Ctrl-C ends it in order.', 'alarm')
}
