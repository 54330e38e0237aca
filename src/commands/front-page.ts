/** The page that `glasskey`, `glasskey --help` and `glasskey help` show: without the command line's parser, which takes longer to load than the page to read. */
import { EVERYWHERE, FURTHER, PURPOSE, VERBS } from './verbs.js'

export function frontPage(): string {
  const commands = VERBS.map(({ typed, describe }): [string, string] => [`glasskey ${typed}`, describe])
  const options = Object.entries(EVERYWHERE).map(([name, describe]): [string, string] => [`--${name}`, describe])
  return ['glasskey <command>', '', PURPOSE, '', 'Commands:', ...columns(commands), '', 'Options:', ...columns(options), '', FURTHER.replace('. ', '.\n'), ''].join('\n')
}

function columns(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
