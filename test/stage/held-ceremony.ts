/** A ceremony held at a terminal, from the first question to the last, by people who print, scan and bag. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { People, type Table } from './at-the-table.js'
import type { OnTerminal } from './on-terminal.js'

/** A scan is not the file that was printed: by this end it is told from it. */
const SCANNED = Buffer.from('% scanned\n')

/** Answers every question until the command ends. Each sheet that appears is taken to `paper`, as a printer would. `watch` sees every question before it is answered. */
export async function holdCeremony(terminal: OnTerminal, table: Table, sheets: string, paper: string, watch: (question: string) => void = () => undefined): Promise<number> {
  const people = new People(table)
  let [over, answered] = [-2, -1]
  void terminal.ended.then((code) => (over = code))
  mkdirSync(paper, { recursive: true })
  while (over === -2) {
    const shown = terminal.shown()
    const line = shown.slice(shown.lastIndexOf('\n') + 1)
    // A question has no line end yet, and is answered once.
    if (shown.length > answered && line.endsWith(' ')) {
      const answer = people.answer(line)
      if (answer !== null) {
        watch(line)
        if (existsSync(sheets)) for (const name of readdirSync(sheets)) if (!existsSync(join(paper, name))) writeFileSync(join(paper, name), Buffer.concat([readFileSync(join(sheets, name)), SCANNED]))
        answered = shown.length + answer.length
        terminal.type(`${answer}\n`)
      }
    }
    await new Promise((again) => setTimeout(again, 15))
  }
  return over
}

/** Files of the printed sheets of a custodian. */
export function printedFor(paper: string, custodian: number): string[] {
  return existsSync(paper) ? readdirSync(paper).filter((name) => name.includes(`-custodian-${custodian}-`)).sort().map((name) => join(paper, name)) : []
}
