/** What a control is, and running them: one control, one function, one stable code. */
import { GlasskeyError } from '../errors.js'
import type { Dossier } from './dossier.js'
import { NotChecked } from './reading.js'

/** What became of a control. */
export type Verdict = 'holds' | 'fails' | 'not checked'

/** The three sentences of an auditor's opinion. */
export type Sentence = 'scriptFollowed' | 'keyRevoked' | 'actionsExplained'

/** One numbered check. Codes are stable: reports and runbooks of years ago cite them (docs/audit-controls.md). */
export interface Control {
  code: string
  claim: string
  method: string
  source: string
  /** Sentences of the opinion that rest on it; none for what is reported beside the opinion. */
  bearsOn: readonly Sentence[]
  /** Whether a computation was done again, rather than a statement read. */
  reperformed: boolean
  /** Returns what was found. Throws a GlasskeyError when the claim does not hold, NotChecked when nothing can be said. */
  examine: (dossier: Dossier) => string
}

/** A control and what became of it. */
export interface ControlResult extends Omit<Control, 'examine'> {
  result: Verdict
  finding: string
}

/** A claim that does not hold. */
export function failed(message: string): GlasskeyError {
  return new GlasskeyError('AUDIT_FAILED', message, 'docs/audit-controls.md says what it means and what to do.')
}

/** Runs every control, in order. None stops the others; what is no refusal is a fault of glasskey and is thrown. */
export function runControls(controls: readonly Control[], dossier: Dossier): ControlResult[] {
  return controls.map(({ examine, ...control }) => {
    try {
      return { ...control, result: 'holds', finding: examine(dossier) }
    } catch (error) {
      if (error instanceof NotChecked) return { ...control, result: 'not checked', finding: error.message }
      if (error instanceof GlasskeyError) return { ...control, result: 'fails', finding: error.message }
      throw error
    }
  })
}
