/** What an audit found, for scripts and for people at a terminal. */
import type { Json } from '../canonical.js'
import { toned, type Tone } from '../host/terminal.js'
import type { Audit } from './audit.js'
import type { ControlResult, Sentence } from './control.js'
import { THEMES } from './controls.js'
import { subjectOf } from './lives.js'
import { QUESTIONS } from './opinion.js'
import { isRehearsal, notChecked, UNREADABLE, reconciliationOf } from './report.js'

/** How results stand in the table. A failure stands out without colour too. */
const SHOWN: Readonly<Record<ControlResult['result'], { word: string; tone: Tone }>> = {
  holds: { word: 'holds', tone: 'plain' },
  fails: { word: 'FAILS', tone: 'alarm' },
  'not checked': { word: 'not checked', tone: 'faint' },
}

const WIDEST = 140
const NARROWEST = 60

/** The object of `--json`. */
export function auditJson(audit: Audit, auditor: string): { [name: string]: Json } {
  const { dossier, results, opinion } = audit
  const failed = codesOf(results, 'fails')
  const subject = subjectOf(dossier)
  return {
    passed: failed.length === 0,
    failed,
    auditor,
    tenancy: subject?.tenancy ?? null,
    user: subject?.user ?? null,
    rehearsal: isRehearsal(dossier),
    period: { ...dossier.period },
    login: dossier.cloud?.profile ?? null,
    opinion: Object.fromEntries(Object.entries(opinion).map(([sentence, { verdict, sentence: said }]) => [sentence, { verdict, sentence: said }])),
    controls: results.map(({ code, claim, result, finding, method, source }) => ({ code, claim, result, finding, method, source })),
    reconciliation: dossier.cloud ? { ...reconciliationOf(dossier) } : null,
    notChecked: notChecked(audit),
  }
}

/** The table, the opinion and one line that says how it ended. */
export function auditText(audit: Audit): string {
  const { results, opinion, dossier } = audit
  const width = Math.max(NARROWEST, Math.min(WIDEST, process.stdout.columns || 110))
  const failed = codesOf(results, 'fails')
  const open = codesOf(results, 'not checked')
  const sentences = Object.entries(QUESTIONS) as [Sentence, string][]
  const subject = subjectOf(dossier)
  return [
    ...(isRehearsal(dossier) ? [toned('A REHEARSAL: its records were made on a simulator.', 'strong', process.stdout)] : []),
    `Tenancy  ${subject?.tenancy ?? UNREADABLE}`,
    `User     ${subject?.user ?? UNREADABLE}`,
    '',
    ...THEMES.flatMap(({ title, controls }) => [
      toned(title, 'strong', process.stdout),
      ...results.filter((result) => controls.some(({ code }) => code === result.code)).flatMap((result) => rows(result, width)),
      '',
    ]),
    ...sentences.flatMap(([name, question]) => hanging(`${question.padEnd(36)}${opinion[name].verdict.padEnd(17)}`, opinion[name].sentence, width)),
    '',
    toned(failed.length === 0 ? `No control fails: ${results.length - open.length} hold, ${open.length} could not be checked.` : `FAILED: ${failed.join(', ')}. docs/audit-controls.md says what each means and what to do.`, failed.length === 0 ? 'strong' : 'alarm', process.stdout),
    ...(dossier.cloud ? [] : ['Without --profile nothing was read in OCI.']),
  ].join('\n')
}

/** Code, result and finding; a failure also says what was claimed. */
function rows({ code, result, finding, claim }: ControlResult, width: number): string[] {
  const { word, tone } = SHOWN[result]
  const lines = hanging(`  ${code}  ${word.padEnd(13)}`, finding, width)
  const claimed = result === 'fails' ? hanging(' '.repeat(20), `Claim: ${claim}`, width) : []
  return [...lines, ...claimed].map((text) => toned(text, tone, process.stdout))
}

/** Text behind a label, broken between words; further lines begin below it. */
function hanging(label: string, text: string, width: number): string[] {
  const room = width - label.length
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.map((part, at) => (at === 0 ? label : ' '.repeat(label.length)) + part)
}

/** Codes of the controls with this result. */
export function codesOf(results: readonly ControlResult[], wanted: ControlResult['result']): string[] {
  return results.filter(({ result }) => result === wanted).map(({ code }) => code)
}
