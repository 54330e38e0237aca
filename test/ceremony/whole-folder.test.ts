/** The place where a ceremony writes, looked at before it begins and again when it ends, hours later. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requireFree, targetOf, type Plan } from '../../src/ceremony/planning.js'
import { writeWhole } from '../../src/ceremony/whole-folder.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { refusal } from '../vectors/refusal.js'

const custody = parseCustodyYaml(readFileSync(resolve(import.meta.dirname, '../../ceremony/custody.yaml'), 'utf8'))

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-whole-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const write = (target: string): void => {
  writeWhole(target, () => {
    requireFree(target, custody)
  }, (path) => {
    writeFileSync(join(path, 'custody.yaml'), 'ours')
    mkdirSync(join(path, 'generations'))
  })
}

test('Emacs, open on custody.yaml, leaves a link to nothing: named, and no fault of ours', () => {
  symlinkSync('ada@laptop.4711', join(directory, '.#custody.yaml'))
  expect(refusal(() => { requireFree(directory, custody) })).toMatchObject({ code: 'OUTPUT_EXISTS', message: `${directory} is not empty (.#custody.yaml)` })
})

test('what another ceremony, or people, put there meanwhile is not taken away; when it is gone, the folder is written', () => {
  const target = join(directory, 'custody')
  mkdirSync(target)
  writeFileSync(join(target, 'custody.yaml'), 'theirs')
  writeFileSync(join(target, 'joan.key'), 'saved here during the ceremony')
  expect(refusal(() => {
    write(target)
  })).toMatchObject({ code: 'OUTPUT_EXISTS', message: `${target} is not empty (joan.key)` })
  expect(readdirSync(target).sort()).toEqual(['custody.yaml', 'joan.key'])
  expect(readdirSync(directory)).toEqual(['custody'])
  rmSync(join(target, 'joan.key'))
  write(target)
  expect(readdirSync(target).sort()).toEqual(['custody.yaml', 'generations'])
  expect(readFileSync(join(target, 'custody.yaml'), 'utf8')).toBe('ours')
  expect(readdirSync(directory)).toEqual(['custody'])
})

/** An empty folder on which something is mounted, if this machine has one: a stick that was put in looks like that. */
const mounted = mounts().find((path) => {
  try {
    return readdirSync(path).length === 0 && statSync(path).dev !== statSync(dirname(path)).dev
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
})

function mounts(): string[] {
  try {
    return readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '/')
  } catch (error) {
    if (error instanceof Error) return []
    throw error
  }
}

test.skipIf(mounted === undefined)('a medium is mounted on it: refused before anything is made, for nothing could be put in its place in the end', () => {
  const plan = { earlier: null, custody } as unknown as Plan
  expect(refusal(() => targetOf(mounted ?? '', undefined, plan))).toMatchObject({ code: 'USAGE', message: `${String(mounted)} is where a medium is mounted, and no folder can be put in its place`, hint: `Name a folder on it: ${join(mounted ?? '', 'custody')}` })
  expect(targetOf(join(mounted ?? '', 'custody'), undefined, plan)).toBe(join(mounted ?? '', 'custody'))
})
