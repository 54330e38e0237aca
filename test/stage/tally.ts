/** The last words of a matrix: how many points or faults were met, and what went wrong in them. */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** What the errors of laws.ts and of the matrices begin with. */
const WRONGS = { 'lock-outs': /LOCKED OUT/, 'lost keys': /OCI has \d+ keys|the sheets of the key in use are gone/, 'silent exposures': /SILENT/, 'blind repetitions': /REPEATED BLINDLY/ }

/** Prints, for instance, `806 crash points: 806 passed, 0 failed; 0 lock-outs, 0 lost keys, …`. */
export class Tally implements Reporter {
  readonly #what: string

  constructor(what: string) {
    this.#what = what
  }

  /** A run takes hours: what failed is told when it fails. */
  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result()
    if (state === 'failed') console.log(`\nFAILED ${test.fullName}\n${errors.map(({ message }) => message).join('\n')}\n`)
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result()).filter(({ state }) => state !== 'skipped'))
    const errors = results.flatMap((result) => (result.state === 'failed' ? [result.errors.map(({ message }) => message).join('\n')] : []))
    const wrongs = Object.entries(WRONGS).map(([name, words]) => `${errors.filter((message) => words.test(message)).length} ${name}`)
    console.log(`\n${results.length} ${this.#what}: ${results.length - errors.length} passed, ${errors.length} failed; ${wrongs.join(', ')}`)
  }
}
