/** Performing a script: step after step, each shown, done, timed and recorded; what deviates gets a numbered exception. */
import { asLine, asRemark } from '../custody/fields.js'
import { nextStep } from '../record/conduct.js'
import type { TranscriptEntry } from '../record/transcript.js'
import { Aside, type Finding, type People } from './people.js'
import type { Script, Step } from './script.js'
import { recordedSteps } from './script.js'
import type { ToolStep } from './steps.js'
import type { TranscriptWriter } from './transcript-writer.js'
import { untilWritten } from './until-written.js'

/** What the tool does in a step. Returns what is written down, or null. It may be called again after an aside. */
export type Doing = (step: Step) => Promise<string | null>

/** A ceremony that is being conducted. */
export class Performance {
  readonly people: People
  readonly transcript: TranscriptWriter
  readonly script: Script
  readonly #now: () => Date

  constructor(people: People, transcript: TranscriptWriter, script: Script, now: () => Date) {
    this.people = people
    this.transcript = transcript
    this.script = script
    this.#now = now
  }

  /**
   * Every step that is recorded, in order. `shown` are lines for the screen, by step: what people compare with their paper.
   * Throws what a step throws.
   */
  async play(tool: Readonly<Record<ToolStep, Doing>>, shown: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const doings: ReadonlyMap<string, Doing> = new Map(Object.entries(tool))
    const steps = recordedSteps(this.script)
    for (const act of this.script.acts.filter(({ onPaper }) => !onPaper)) {
      this.people.act(act)
      for (const step of act.steps) {
        this.people.step(step, { at: steps.indexOf(step) + 1, of: steps.length }, shown[step.id] ?? [])
        await this.#perform(step, doings.get(step.id))
      }
    }
  }

  /**
   * Looks, and looks again once it is mended. A finding that people waive becomes an exception. Returns what was found.
   * Throws the refusal of a finding that nobody may waive or wants to.
   */
  async require(step: Step, look: () => Finding | Promise<Finding>): Promise<string> {
    for (;;) {
      const finding = await look()
      if (finding.holds) return finding.found
      if (this.#waived(step, finding)) return finding.found
      if ((await this.people.mend(finding)) === 'exception') {
        await this.exception(step, { expected: finding.expected, happened: finding.found })
        return finding.found
      }
    }
  }

  /** Fills in the next exception sheet and records it. */
  async exception(step: Step, known: { expected: string; happened: string | null }): Promise<void> {
    const { exceptions, people } = this.transcript.conduct
    const number = exceptions.length + 1
    const names = people.filter(({ role }) => role !== 'custodian').map(({ name }) => name)
    const decided = await this.people.exception(number, step, known, names)
    await this.add({
      type: 'exception',
      exception: number,
      number: step.number,
      step: step.id,
      expected: asRemark(decided.expected),
      happened: asRemark(decided.happened),
      decision: asRemark(decided.decision),
      decidedBy: asLine(decided.decidedBy) || 'not named',
    })
  }

  /** Adds a line to the transcript. Where its disk takes nothing, people mend that: a stick that was pulled out by an elbow ends no ceremony. Throws FILE_UNWRITABLE when they do not. */
  add(entry: TranscriptEntry): Promise<void> {
    return untilWritten(this.people, () => {
      this.transcript.add(entry)
    })
  }

  /** Whether an exception is on record at the step that is being done: what is answered there then is not measured against anything any more. `beyond` so many that are about something else. */
  excepted(beyond = 0): boolean {
    const { conduct } = this.transcript
    return conduct.exceptions.filter(({ number }) => number === nextStep(conduct)?.number).length > beyond
  }

  async #perform(step: Step, doing: Doing | undefined): Promise<void> {
    const began = this.#now()
    let judged = step.who === 'tool' || step.before === null
    let value: string | null = null
    for (;;) {
      try {
        if (!judged) await this.people.judge(step)
        judged = true
        value = doing ? await doing(step) : await this.#ordinary(step)
        break
      } catch (error) {
        if (!(error instanceof Aside)) throw error
        if (error.wants === 'break') {
          await this.#pause(step)
          continue
        }
        await this.exception(step, { expected: judged ? step.text : (step.before ?? step.text), happened: null })
        judged = true
        // Where the tool does nothing, the sheet is all that can be said of the step.
        if (!doing) {
          value = `exception ${this.transcript.conduct.exceptions.length}`
          break
        }
      }
    }
    if (step.who === 'tool' && value !== null) this.people.found(value)
    const seconds = Math.round((this.#now().getTime() - began.getTime()) / 1000)
    await this.add({ type: 'step', number: step.number, step: step.id, did: step.who === 'tool' ? 'tool' : this.people.did, value: value === null ? null : asRemark(value), began: began.toISOString(), seconds: Math.max(0, seconds) })
  }

  async #ordinary({ record }: Step): Promise<string | null> {
    if (record === null) {
      await this.people.enter('when it is done')
      return null
    }
    return this.people.ask({ text: record.charAt(0).toUpperCase() + record.slice(1), flag: '--rehearsal --yes', initial: null })
  }

  async #pause(step: Step): Promise<void> {
    const began = this.#now().toISOString()
    const { reason, back } = await this.people.pause()
    await this.add({ type: 'break', number: step.number, began, reason: asRemark(reason), back })
  }

  /** Whether this very finding was decided at this step before an aside made it look again. */
  #waived(step: Step, { found, waivable }: Finding): boolean {
    return waivable && this.transcript.conduct.exceptions.some(({ number, happened }) => number === step.number && happened === asRemark(found))
  }
}
