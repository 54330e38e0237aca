/** Papers that people sign beside the transcript: a numbered sheet for each exception, and the closing declaration. */
import type { Custody } from '../custody/custody-yaml.js'
import { hexToWords } from '../custody/words.js'
import { drawClosingDeclaration } from '../paper/forms/closing-declaration.js'
import { drawExceptionSheet } from '../paper/forms/exception-sheet.js'
import type { Conduct } from '../record/conduct.js'
import { generationsInWords } from './script.js'

/** What stands on them beside what the transcript tells. */
export interface PaperFacts {
  custody: Custody
  conduct: Conduct
  started: Date
  ended: Date
  transcriptSha256: string
}

/** One paper: the end of its file's name, and the PDF. Nothing on it is secret. */
export interface Paper {
  name: string
  pdf: Uint8Array
}

/** Draws them, the exceptions in their order and the declaration last. Throws TEMPLATE_INVALID. */
export async function drawPapers({ custody, conduct, started, ended, transcriptSha256 }: PaperFacts): Promise<Paper[]> {
  const { rehearsal } = conduct.opened
  const drawing = { paper: custody.paper }
  const drawn = ended.toISOString()
  const occasion = `Ceremony of ${started.toISOString().slice(0, 10)}, ${generationsInWords(conduct.opened.generations)}`
  const witness = conduct.people.find(({ role }) => role === 'internal witness')?.name ?? null
  const papers: Paper[] = []
  for (const { exception, number, step, expected, happened, decision, decidedBy } of conduct.exceptions) {
    const pdf = await drawExceptionSheet({ rehearsal, owner: custody.owner.team, drawn, occasion, number: exception, used: true, step: `${number} (${step})`, at: null, expected, happened, decision, decidedBy, witness }, drawing)
    papers.push({ name: `exception-${exception}.pdf`, pdf })
  }
  const people = conduct.people.map(({ role, custodian, name }) => ({ role: custodian === null ? role.charAt(0).toUpperCase() + role.slice(1) : `Custodian ${custodian}`, name, agrees: null, why: null, at: null }))
  const pdf = await drawClosingDeclaration(
    { rehearsal, owner: custody.owner.team, drawn, occasion, place: null, started: started.toISOString(), ended: drawn, exceptions: conduct.exceptions.length, transcriptSha256, transcriptWords: hexToWords(transcriptSha256), people },
    drawing,
  )
  return [...papers, { name: 'declaration.pdf', pdf }]
}
