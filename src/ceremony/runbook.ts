/** `ceremony/runbook.md`: the steps as they read for any custody. Generated; a test keeps the file equal to this. */
import { fillWords } from './script.js'
import { ACTS, HOUSE_RULES, SCRIPT_VERSION } from './steps.js'

const WORDS = { threshold: 'k', custodians: 'n', generations: 'keys', sheets: 's', custodian: 'c', generation: 'g' }

/** The runbook as Markdown. */
export function runbook(): string {
  const lines = [
    '# The ceremony, step by step',
    '',
    `<!-- Generated from src/ceremony/steps.ts, script version ${SCRIPT_VERSION}. Do not edit. -->`,
    '',
    'This is what every ceremony does, for any k of n custodians and s sheets. `glasskey ceremony --print-script FILE.pdf --config custody.yaml` prints it with your',
    'names and numbers, boxes and blanks; `glasskey ceremony` conducts the same list and writes the transcript.',
    '',
    'The SHA-256 of `machine.code` is over the tool\'s code, templates and package.json. Its dependencies (`node_modules`) and Node are not in it: only the SHA-256 of the',
    'boot medium (`machine.image`) covers them. How to make that medium: [docs/operating.md](../docs/operating.md#the-offline-machine).',
    '',
    '## Rules of the house',
    '',
    ...HOUSE_RULES.map((rule) => `- ${rule}`),
  ]
  for (const [at, act] of ACTS.entries()) {
    lines.push('', `## Act ${at + 1}. ${act.title}`, '', act.intro, '', '| Step | Who | Minutes | What | Only if | Written down |', '|---|---|---:|---|---|---|')
    for (const step of act.steps) {
      const each = step.each === undefined ? '' : step.each === 'custodian' ? '<br>*for each custodian in turn*' : '<br>*for each generation*'
      const filled = (text: string): string => fillWords(text, WORDS)
      lines.push(`| \`${step.id}\` | ${step.who}${each} | ${step.minutes} | ${filled(step.text)} | ${step.before === undefined ? '' : filled(step.before)} | ${step.record ?? ''} |`)
    }
  }
  return lines.join('\n') + '\n'
}
