/** A schema's complaints as one line for a person. */
import type { z } from 'zod'

/** A complaint may repeat every unknown name of a document. */
const LONGEST_COMPLAINT = 400

/** `warrant.maximumMinutes: Too big…; regions[1]: must be a region…`, at most three complaints. */
export function explain(error: z.ZodError): string {
  const lines = error.issues.slice(0, 3).map((issue) => `${pathText(issue.path)}: ${issue.message.slice(0, LONGEST_COMPLAINT)}`)
  if (error.issues.length > 3) lines.push(`and ${error.issues.length - 3} more`)
  return lines.join('; ')
}

/** `custodians[2].copies[0].place`; `the document` for the root. */
export function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the document'
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : (at === 0 ? '' : '.') + String(step)))
    .join('')
}
