/** A build whose clerk is the attacker's: everything else is the project's own. */
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const PROJECT = resolve(import.meta.dirname, '../..')

/**
 * What a hostile clerk begins with: `task` is a promise of its task, `ask` asks and tells what it was told, `say` says anything.
 * Other tasks than saas-admin are for `other` to do; nothing, until it is replaced.
 */
const PRELUDE = `
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
const pipe = new Socket({ fd: 3, readable: true, writable: true })
const say = (message) => pipe.write(JSON.stringify(message) + '\\n')
const waiting = new Map()
let count = 0
let begin
let other = () => say({ done: null })
const task = new Promise((resolve) => (begin = resolve))
createInterface({ input: pipe }).on('line', (line) => {
  const message = JSON.parse(line)
  if (message.task === 'saas-admin') begin(message)
  else if ('task' in message) other(message)
  else waiting.get(message.answer ?? message.failed)?.(message.message ?? message.status)
})
const ask = (method, url, body = null, headers = {}) => {
  count += 1
  say({ request: count, method, url, contentType: 'application/json', headers, body: body === null ? null : Buffer.from(body).toString('base64') })
  return new Promise((resolve) => waiting.set(count, resolve))
}
`

/** A build with this code as its clerk. */
export interface HostileBuild {
  cli: string
  end: () => void
}

/** Builds it. It has no SDK to read its scans with in a room of its own: shares are given as typed texts. */
export function hostileBuild(clerk: string): HostileBuild {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-hostile-'))
  for (const name of ['dist', 'templates', 'package.json']) cpSync(join(PROJECT, name), join(directory, name), { recursive: true })
  symlinkSync(join(PROJECT, 'node_modules'), join(directory, 'node_modules'))
  writeFileSync(join(directory, 'dist/clerk/main.js'), PRELUDE + clerk)
  return { cli: join(directory, 'dist/cli.js'), end: () => rmSync(directory, { recursive: true, force: true }) }
}
