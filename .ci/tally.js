// Reads a vitest JSON report: prints "passed failed", and appends what failed, with its message, to a file.
// usage: node tally.js REPORT NAME FAILURES
import { appendFileSync, readFileSync } from 'node:fs'

const [report, name, failures] = process.argv.slice(2)
const { numPassedTests: passed, numTotalTests: all, numPendingTests: skipped, testResults } = JSON.parse(readFileSync(report, 'utf8'))
for (const { assertionResults } of testResults) {
  for (const { status, fullName, failureMessages } of assertionResults) {
    if (status === 'failed') appendFileSync(failures, `${name}: ${fullName}\n  ${(failureMessages[0] ?? '').slice(0, 1500).replaceAll('\n', '\n  ')}\n`)
  }
}
console.log(passed, all - passed - skipped)
