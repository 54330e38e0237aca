/** The order of a run: what takes minutes begins first, or the run waits for it in the end with nothing beside it. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take a minute or more, whatever their size; the longest first. */
const LONGEST = [
  'scenes/takeover', 'scenes/every-exit-rotates', 'schemas/real-outcomes', 'scenes/paper',
  'ceremony/card.interop', 'scenes/deadline.interop', 'ceremony/second-factor.interop', 'schemas/drill-outcome.interop',
  'crash/break-saas-admin', 'faults/break-rotate',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}.`))
      return at < 0 ? LONGEST.length : at
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}
