/** `--rehearsal --yes`: nobody is there. Everything is confirmed by the flag, and recorded so. */
import type { GlasskeyError } from '../errors.js'
import { say } from '../host/terminal.js'
import type { Decided, Finding, People, Question } from './people.js'
import type { Script, Step } from './script.js'

/** What stands wherever a person would have written something. */
export const FLAG = 'rehearsal --yes'

/** The flag in the place of people. */
export class ByFlag implements People {
  readonly conduct = FLAG
  readonly did = FLAG
  /** Nobody is there to call it off. */
  readonly stop = new AbortController().signal

  begin(script: Script): void {
    say('REHEARSAL: everything made now is marked so for ever and opens nothing real.', 'strong')
    say(`Script "${script.codeName}"; every step is confirmed by --yes, and the transcript says so.`)
  }

  act(): void {
    return
  }

  step(): void {
    return
  }

  found(): void {
    return
  }

  judge(): Promise<void> {
    return Promise.resolve()
  }

  enter(): Promise<void> {
    return Promise.resolve()
  }

  ask({ initial }: Question): Promise<string> {
    return Promise.resolve(initial ?? FLAG)
  }

  typeShare(): Promise<'nothing'> {
    return Promise.resolve('nothing')
  }

  mend(finding: Finding): Promise<'exception'> {
    return finding.waivable ? Promise.resolve('exception') : Promise.reject(finding.refusal)
  }

  writeAgain(failure: GlasskeyError): Promise<never> {
    return Promise.reject(failure)
  }

  exception(_number: number, _step: Step, known: { expected: string; happened: string | null }): Promise<Decided> {
    return Promise.resolve({ expected: known.expected, happened: known.happened ?? 'not said', decision: 'accepted for a rehearsal', decidedBy: FLAG })
  }

  pause(): Promise<{ reason: string; back: number }> {
    return Promise.resolve({ reason: FLAG, back: 0 })
  }
}
