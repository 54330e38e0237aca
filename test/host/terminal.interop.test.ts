/** Questions at a real terminal: what is typed unseen, and a terminal of which Ctrl-D was the end. */
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { onTerminal, type OnTerminal } from '../stage/on-terminal.js'

/** Runs a few lines with these exports of a built module of src/host. */
function running(module: string, names: string, lines: string, env: Record<string, string> = {}): OnTerminal {
  const url = pathToFileURL(resolve(import.meta.dirname, '../../dist/host', module)).href
  return onTerminal({ directory: tmpdir() }, [process.execPath, '--input-type=module', '--eval', `import { ${names} } from ${JSON.stringify(url)}\n${lines}`], env)
}

test('a passphrase: arrows, Ctrl-Z, Ctrl-D in the middle are no part of it, and ring the bell; a tabulator may be', async () => {
  const terminal = running('hidden-prompt.js', 'askHidden', 'const typed = await askHidden("Passphrase:", "--flag", async () => null); console.log("typed " + JSON.stringify(typed))')
  await terminal.until('Passphrase:')
  terminal.type('pä\u001b[Dss\u001a\u001bOA wo\u0004rx\u007fd \u001b[1;5C\t1\r')
  expect(await terminal.ended).toBe(0)
  expect(terminal.shown().split('\u0007')).toHaveLength(6)
  expect(terminal.shown()).toContain('typed "päss word \\t1"')
})

test('after Ctrl-D nobody can answer: the next question says so at once, and does not end the process in silence', async () => {
  const terminal = running('terminal.js', 'ask', 'for (const question of ["First?", "Second?"]) await ask(question, "--flag").catch((error) => console.log(error.code + ": " + error.message)); console.log("went on")')
  await terminal.until('First?')
  terminal.type('\u0004')
  expect(await terminal.ended).toBe(0)
  expect(terminal.shown()).toContain('INTERRUPTED: stopped at the question: First?\nINTERRUPTED: stopped at the question: Second?\nwent on\n')
})

test('a terminal that cannot be drawn on keeps what is typed, and says so before the first group', async () => {
  const known = '{ beginnings: [], judgeKind: () => undefined, judge: () => ({ level: "plain", text: "" }) }'
  const terminal = running('typed-share.js', 'typeShare', `console.log(JSON.stringify(await typeShare({ question: "Type the share:", flag: "--flag", known: ${known} })))`, { TERM: 'dumb' })
  await terminal.until('This terminal keeps what is typed, on its screen and in its scroll-back: clear both, or close it, before anybody else sees them.')
  terminal.type('\r')
  expect(await terminal.ended).toBe(0)
  expect(terminal.shown()).toContain('"nothing"')
})
