import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { TEMPLATE_DIRECTORY } from '../../src/paper/files.js'
import { readLine, readMarkdown, type Block } from '../../src/paper/markdown.js'
import { drawSheet } from '../../src/paper/sheet.js'
import { fill } from '../../src/paper/template.js'
import { sheetContent } from './examples.js'

const HEAD = '---\ntitle: T\nfooter: F {{name}}\npage: {{page}} of {{pages}}\n---\n'
const FIELDS = { name: 'text', none: 'text', on: 'flag', qr: 'code', rows: [{ cell: 'text' }] } as const

const view = (name = 'Ada'): Parameters<typeof fill<typeof FIELDS>>[3] =>
  ({ name, none: null, on: true, qr: { text: 'ABC', correction: 'M' }, rows: [{ cell: 'one' }, { cell: 'two' }] })
const blocks = (body: string, name = 'Ada'): readonly Block[] => readMarkdown(fill('letter', HEAD + body, FIELDS, view(name))).blocks
const textOf = (block: Block | undefined): string =>
  block !== undefined && 'inlines' in block ? block.inlines.map((inline) => inline.kind === 'text' ? inline.text : `<${inline.kind}>`).join('') : ''

describe('names are data', () => {
  test.each(['*_[O’Neill](http://x)|`', '<b>bold</b>', '&amp; &lt;', '{{name}}', '# heading', '1. one', '- [ ] box', '![x](y)', '___', '\\*', 'https://example.com'])(
    '%s is printed letter for letter', (name) => {
      expect(blocks('{{name}}', name).map(textOf)).toEqual([name])
      expect(blocks('**{{name}}** and `{{name}}`, {{{name}}}', name).map(textOf)).toEqual([`${name} and ${name}, ${name}`])
      const [table] = blocks('| a | b |\n|---|---|\n| {{name}} | x |', name)
      expect(table?.kind === 'table' && table.rows).toEqual([[
        [{ kind: 'text', text: name, bold: false, italic: false, code: false }],
        [{ kind: 'text', text: 'x', bold: false, italic: false, code: false }],
      ]])
    })

  test('in the head too', () => {
    const filled = fill('letter', HEAD, FIELDS, view('*x* <y>'))
    expect(readLine(filled, filled.footer)).toBe('F *x* <y>')
  })
})

describe('sections', () => {
  test('lists, conditions and what there is none of', () => {
    expect(blocks('{{#rows}}{{cell}} {{name}}, {{/rows}}').map(textOf)).toEqual(['one Ada, two Ada, '])
    expect(blocks('{{#anyRows}}some{{/anyRows}}{{^anyRows}}none{{/anyRows}}').map(textOf)).toEqual(['some'])
    expect(blocks('{{#on}}yes{{/on}}{{#none}}no{{/none}}{{^none}}nothing{{/none}}').map(textOf)).toEqual(['yesnothing'])
  })
})

describe('signs of forms', () => {
  test('blanks, boxes and page ends', () => {
    expect(blocks('[____] [ ] [x] a<br>b').map(textOf)).toEqual(['<blank> <tick> <tick> a<break>b'])
    expect(blocks('a\n\n<!-- new page -->\n\n<!-- a note to editors -->\n\n<!-- cut here -->').map((block) => block.kind)).toEqual(['paragraph', 'new page', 'cut'])
    expect(blocks('![part]({{qr}} "40 mm")')).toEqual([{ kind: 'figures', figures: [{
      code: { text: 'ABC', correction: 'M' }, millimetres: 40, caption: [{ kind: 'text', text: 'part', bold: false, italic: false, code: false }],
    }] }])
  })
})

describe('what is refused, naming template and placeholder', () => {
  test.each([
    ['{{nmae}}', 'template letter.md has an unknown placeholder {{nmae}}'],
    ['{{cell}}', 'template letter.md has an unknown placeholder {{cell}}'],
    ['{{constructor}}', 'template letter.md has an unknown placeholder {{constructor}}'],
    ['{{#rows}}{{cel}}{{/rows}}', 'template letter.md has an unknown placeholder {{cel}}'],
    ['{{#none}}{{nmae}}{{/none}}', 'template letter.md has an unknown placeholder {{nmae}}'],
    ['{{rows}}', 'template letter.md prints {{rows}}, which is a list'],
    ['{{on}}', 'template letter.md prints {{on}}, which is a condition'],
    ['{{qr}}', 'template letter.md prints {{qr}} as text, which is a code'],
    ['![x]({{name}})', 'template letter.md has a picture that is not a code'],
    ['![x](photo.png)', 'template letter.md has a picture that is not a code'],
    ['![x]({{qr}} "big")', 'template letter.md has a code of size "big"'],
    ['text ![x]({{qr}})', 'template letter.md has a code in the middle of a text'],
    ['{{> other}}', 'template letter.md uses {{>other}}, which glasskey does not support'],
    ['{{#rows}}', 'template letter.md is not well formed: Unclosed section "rows" at 9'],
    ['<b>x</b>', 'template letter.md has HTML, which is not typeset'],
    ['~~gone~~', 'template letter.md uses Markdown that is not typeset here: del'],
    ['```js\nx\n```', 'template letter.md has a code block that is not typeset here'],
    ['\ue000', 'template letter.md has a private-use character'],
  ])('%j', (body, message) => {
    expect(() => blocks(body)).toThrow(expect.objectContaining({ code: 'TEMPLATE_INVALID', message }))
  })

  test('the names that are known are listed', () => {
    expect(() => blocks('{{nmae}}')).toThrow(expect.objectContaining({ hint: 'known here: anyRows, name, none, on, qr, rows' }))
  })

  test.each([
    ['no head', 'body', 'template letter.md has no head'],
    ['unknown line', '---\ntitel: x\n---\n', 'template letter.md has an unknown line in its head: "titel: x"'],
    ['missing line', '---\ntitle: x\nfooter: y\n---\n', 'template letter.md has no "page:" line in its head'],
  ])('%s', (_, source, message) => {
    expect(() => fill('letter', source, FIELDS, view())).toThrow(message)
  })
})

describe('an organisation\'s own wording', () => {
  const folders: string[] = []
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

  /** A copy of the templates in which the sheet is changed. */
  const edited = (change: (wording: string) => string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'glasskey-templates-'))
    folders.push(folder)
    cpSync(TEMPLATE_DIRECTORY, folder, { recursive: true })
    writeFileSync(join(folder, 'sheet.md'), change(readFileSync(join(folder, 'sheet.md'), 'utf8')))
    return folder
  }
  const draw = async (change: (wording: string) => string, rehearsal = false): Promise<Uint8Array> =>
    drawSheet(sheetContent({ rehearsal }), { paper: 'A4', templates: edited(change) })

  test('other words are drawn', async () => {
    const own = await draw((wording) => wording.replace('What it is for', 'Wozu sie dient'))
    expect(own.length).toBeGreaterThan(10_000)
  })

  test.each([
    ['shareText', (wording: string) => wording.replace('{{shareText}}', '')],
    ['shareCode', (wording: string) => wording.replace('![]({{shareCode}} "52 mm")', 'see overleaf')],
    ['envelope.code', (wording: string) => wording.replace('![part {{part}} of {{parts}}]({{code}} "82 mm")', '')],
    ['custodianName', (wording: string) => wording.replaceAll('{{custodianName}}', '<!-- {{custodianName}} -->')],
  ])('a sheet that never prints %s is refused', async (path, change) => {
    const problem = path === 'custodianName' ? 'template sheet.md has HTML, which is not typeset' : `template sheet.md never prints {{${path}}}, which this document must show`
    await expect(draw(change)).rejects.toMatchObject({ code: 'TEMPLATE_INVALID', message: problem })
  })

  test('a rehearsal without a banner is refused, a real sheet without one is drawn', async () => {
    const change = (wording: string): string => wording.replace(/^banner:.*\n/m, '')
    await expect(draw(change, true)).rejects.toMatchObject({ message: 'template sheet.md does not mark a rehearsal' })
    expect((await draw(change)).length).toBeGreaterThan(10_000)
  })

  test('wording that takes a third page is refused', async () => {
    await expect(draw((wording) => wording.replace('### Never', `${'Long advice. '.repeat(900)}\n\n### Never`)))
      .rejects.toMatchObject({ code: 'TEMPLATE_INVALID', message: 'template sheet.md takes more than 2 pages of A4' })
  })

  test('wording in letters that are not embedded is refused', async () => {
    await expect(draw((wording) => wording.replace('What it is for', '用途'))).rejects.toMatchObject({
      code: 'TEMPLATE_INVALID', message: 'template sheet.md cannot be printed: 用 (U+7528), Han script; 途 (U+9014), Han script' })
  })

  test('a directory without the template is refused', async () => {
    await expect(drawSheet(sheetContent(), { paper: 'A4', templates: '/nowhere' })).rejects.toMatchObject({
      code: 'TEMPLATE_INVALID', message: 'template /nowhere/sheet.md cannot be read' })
  })
})
