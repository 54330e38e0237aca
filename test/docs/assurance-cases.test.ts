/** docs/assurance-cases.md: every file, function and test that it names is there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { CONTROLS } from '../../src/audit/controls.js'

const ROOT = resolve(import.meta.dirname, '../..')
const DOCUMENTS = ['README.md', 'SECURITY.md', 'docs/architecture.md', 'docs/threat-model.md', 'docs/format.md', 'docs/dependencies.md', 'docs/first-real-tenancy.md', 'docs/assurance-cases.md', 'docs/audit-controls.md']
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8')

interface Row {
  claim: string
  code: { name: string; file: string }[]
  tests: { name: string; file: string }[]
}

/** Rows of the tables: claim, argument, code, test. */
function rows(): Row[] {
  return read('docs/assurance-cases.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| claim'))
    .map((line) => {
      const [, claim = '', , code = '', test = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
      return {
        claim,
        code: [...code.matchAll(/`(\w+)` in `([^`]+)`/g)].map(([, name = '', file = '']) => ({ name, file })),
        tests: [...test.matchAll(/"([^"]+)" in `([^`]+)`/g)].map(([, name = '', file = '']) => ({ name, file })),
      }
    })
}

test('each law has its cases', () => {
  const laws = read('docs/assurance-cases.md').match(/^## Law \d/gm) ?? []
  expect(laws).toHaveLength(7)
  expect(rows().length).toBeGreaterThan(25)
})

test.each(rows().map((row) => [row.claim, row] as const))('%s', (_, { code, tests }) => {
  expect(code.length).toBeGreaterThan(0)
  expect(tests.length).toBeGreaterThan(0)
  for (const { name, file } of code) expect(read(file), `${name} in ${file}`).toMatch(new RegExp(`(function\\*? |class |const |def |^\\s*)${name}\\b`, 'm'))
  for (const { name, file } of tests) expect(read(file).replaceAll("\\'", "'"), `"${name}" in ${file}`).toContain(name)
})

test('the arrows are checked by CI', () => {
  expect(read('.ci/run')).toContain('npm run --silent arrows')
  expect(read('package.json')).toContain('depcruise --config .dependency-cruiser.cjs src')
})

test('the threat model links every attack to the test that performs it, and no attack is left out', () => {
  const text = read('docs/threat-model.md')
  const rowsOfAttacks = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| who'))
  // Nothing that runs here can perform what a camera does.
  for (const row of rowsOfAttacks) if (!row.includes('camera')) expect(row).toMatch(/\]\(\.\.\/test\/[\w/.-]+\.test\.ts\)[^|]*\|$/)
  const attacks = readdirSync(resolve(ROOT, 'test/attacks')).filter((name) => name.endsWith('.test.ts'))
  expect(attacks.length).toBeGreaterThan(20)
  for (const name of attacks) expect(text).toContain(`(../test/attacks/${name})`)
})

test('it counts the controls of an audit', () => {
  expect(read('docs/assurance-cases.md')).toContain(`| ${CONTROLS.length} controls, most of them offline |`)
})

test('links within a document lead to a heading of the number that they say', () => {
  for (const document of DOCUMENTS) {
    const headings = new Set([...read(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')))
    for (const [said, counted, section, target = ''] of read(document).matchAll(/(?:^(\d+)\. )?\[(?:section (\d+)|[^\]]*)\]\(#([^)]*)\)/gm)) {
      expect(headings, `${document}: #${target}`).toContain(target)
      const number = section ?? counted
      if (number !== undefined) expect(target, `${document}: ${said}`).toMatch(new RegExp(`^${number}-`))
    }
  }
})

test('links in the documents lead somewhere', () => {
  for (const document of DOCUMENTS) {
    for (const [, target = ''] of read(document).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      const path = resolve(ROOT, document, '..', target)
      expect(existsSync(path), `${target} in ${document}`).toBe(true)
    }
  }
})
