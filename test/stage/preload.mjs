/**
 * Loaded into desk and strongroom before anything else (`node --import`), by tests only. It lets time run faster, counts
 * durable writes, and at one of them kills a process, lets the disk fail or sets the clock. The product knows nothing of it.
 *
 * The plan comes in GLASSKEY_STAGE, see `Plan` in played.ts.
 */
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { basename, dirname } from 'node:path'
import v8 from 'node:v8'
import { killOf, processesOf } from './processes.mjs'

const real = { ...fs }
const plan = JSON.parse(process.env.GLASSKEY_STAGE ?? '{}')
delete process.env.GLASSKEY_STAGE
const role = process.argv[1]?.endsWith('strongroom/main.js') ? 'strongroom' : 'desk'
const desk = plan.desk ?? process.pid

// A process of a test lives for seconds: optimising its code takes a seventh of what it computes, and gives nothing back.
v8.setFlagsFromString('--no-opt')
hurry()
followIntoStrongroom()
watchDisk()
syncBuiltinESMExports()

function hurry() {
  const { start, speed = 1, step } = plan
  if (speed === 1 && !step) return
  let stepped = false
  const setBy = () => ((stepped ||= step !== undefined && real.existsSync(step.mark)) ? step.by : 0)
  const RealDate = Date
  const now = () => Math.round(start + (RealDate.now() - start) * speed + setBy())
  globalThis.Date = class Date extends RealDate {
    constructor(...given) {
      if (given.length === 0) super(now())
      else super(...given)
    }

    static now() {
      return now()
    }
  }
  const wait = globalThis.setTimeout
  globalThis.setTimeout = (what, ms = 0, ...given) => wait(what, ms / speed, ...given)
  const uptime = os.uptime
  const booted = RealDate.now() - uptime() * 1000
  os.uptime = () => (start - booted + (RealDate.now() - start) * speed) / 1000
}

/** The strongroom starts with an empty environment and a command line of its own: both get what this needs. */
function followIntoStrongroom() {
  const spawn = childProcess.spawn
  childProcess.spawn = (file, args, options) => {
    const whole = [file, ...(args ?? [])]
    const node = whole.indexOf(process.execPath)
    if (node < 0 || !whole.some((word) => word.endsWith('strongroom/main.js'))) return spawn(file, args, options)
    whole.splice(node + 1, 0, `--import=${import.meta.url}`)
    const [first, ...rest] = whole
    return spawn(first, rest, { ...options, env: { ...options.env, GLASSKEY_STAGE: JSON.stringify({ ...plan, desk }) } })
  }
}

function watchDisk() {
  const paths = new Map()
  const counts = new Map()

  /** One durable write: `tear` does half of it. `from` is what a file was called before. */
  const write = (path, what, whole, tear, from) => {
    const file = nameOf(path)
    const nth = (counts.get(`${what} ${file}`) ?? 0) + 1
    counts.set(`${what} ${file}`, nth)
    note(() => ({ role, nth, what, file, path: String(path), from, alive: rolesAlive() }))
    fail(path, what)
    const { kill: planned } = plan
    const armed = planned?.role === role && planned.what === what && planned.file === file && planned.nth === nth ? planned : null
    if (armed?.phase === 'before') kill(armed, path)
    if (armed?.phase === 'torn') {
      tear()
      kill(armed, path)
    }
    const done = whole()
    if (armed?.phase === 'after') kill(armed, path)
    if (plan.step && what === plan.step.from) real.writeFileSync(plan.step.mark, '')
    // The desk's disk fails from the same line on, so the mark is a file that both see.
    if (plan.disk && what === plan.disk.from && nth === (plan.disk.nth ?? 1)) real.writeFileSync(plan.disk.mark, '')
    return done
  }

  fs.openSync = (path, flags, ...more) => {
    if (plan.disk?.error === 'ENOENT') fail(String(path), 'open')
    const descriptor = real.openSync(path, flags, ...more)
    paths.set(descriptor, String(path))
    return descriptor
  }
  fs.writeSync = (descriptor, bytes, ...more) => {
    const path = paths.get(descriptor)
    if (path === undefined || descriptor <= 2) return real.writeSync(descriptor, bytes, ...more)
    const [offset = 0, length = bytes.length - offset, position = null] = more
    return write(
      path,
      lineType(bytes) ?? 'write',
      () => real.writeSync(descriptor, bytes, ...more),
      () => real.writeSync(descriptor, bytes, offset, Math.floor(length / 2), position),
    )
  }
  fs.closeSync = (descriptor) => {
    paths.delete(descriptor)
    real.closeSync(descriptor)
  }
  fs.ftruncateSync = (descriptor, ...more) => write(paths.get(descriptor), 'ftruncateSync', () => real.ftruncateSync(descriptor, ...more))
  fs.fsyncSync = (descriptor) => {
    real.fsyncSync(descriptor)
    note(() => ({ role, synced: paths.get(descriptor) }))
  }
  for (const name of ['linkSync', 'renameSync']) fs[name] = (from, to) => write(to, name, () => real[name](from, to), undefined, String(from))
  // Node's own removal of a folder comes here too, with bytes for paths.
  for (const name of ['mkdirSync', 'unlinkSync', 'truncateSync']) fs[name] = (path, ...more) => typeof path !== 'string' ? real[name](path, ...more) : write(path, name, () => real[name](path, ...more))
  fs.rmSync = (path, ...more) => {
    if (!real.existsSync(path)) return real.rmSync(path, ...more)
    if (String(path).endsWith('.reserve')) room = true
    return write(path, 'rmSync', () => real.rmSync(path, ...more))
  }
  fs.appendFileSync = (path, data, ...more) => write(path, 'appendFileSync', () => real.appendFileSync(path, data, ...more), () => real.appendFileSync(path, String(data).slice(0, String(data).length / 2)))
  // A stick that was pulled out is not there to be read either.
  if (plan.disk?.error === 'ENOENT') {
    for (const name of ['readFileSync', 'readdirSync', 'statSync', 'lstatSync', 'realpathSync', 'existsSync', 'accessSync']) {
      fs[name] = (path, ...more) => {
        if (name === 'existsSync' && isGone(path)) return false
        fail(path, name)
        return real[name](path, ...more)
      }
    }
  }
}

function note(what) {
  if (plan.log) real.appendFileSync(plan.log, JSON.stringify(what()) + '\n')
}

/** Whether the reserved space was given back: then a full disk takes lines again. */
let room = false

function isGone(path) {
  const { disk } = plan
  return disk !== undefined && real.existsSync(disk.mark) && String(path).startsWith(disk.folder)
}

function fail(path, what) {
  const { disk } = plan
  if (!isGone(path)) return
  if (disk.error === 'ENOSPC' && (room || ['rmSync', 'unlinkSync'].includes(what))) return
  throw Object.assign(new Error(`${disk.error}: the disk fails, ${what} '${path}'`), { code: disk.error, syscall: what })
}

/** Type of the last line of a journal or logbook that is being written; null for other files. */
function lineType(bytes) {
  try {
    const text = Buffer.from(bytes).toString('utf8').trimEnd().split('\n').at(-1) ?? ''
    const { type, seq } = JSON.parse(text)
    return typeof type === 'string' && typeof seq === 'number' ? type : null
  } catch {
    return null
  }
}

/** The name of a file without what changes from run to run. */
function nameOf(path) {
  const folder = basename(dirname(path)).replace(/^\d{8}.*/, 'SESSION')
  return `${folder}/${basename(path)}`.replace(/new-\d+(-[0-9a-f]{8})?/g, 'new').replace(/glasskey-[\w-]+/g, 'STAGE').replace(/\d{8}T\S*$/, 'SESSION')
}

/** Kills at the write of `path`, and leaves word that it was so: a death that never came shows nothing. */
function kill({ victim, mark }, path) {
  const all = victim === 'machine' ? ['strongroom', 'clerk', 'desk'] : [victim]
  const others = all.filter((each) => each !== role && killOf(desk, each) > 0)
  const self = all.includes(role)
  if (self || others.length > 0) real.writeFileSync(mark, String(path))
  if (self) process.kill(process.pid, 'SIGKILL')
}

function rolesAlive() {
  return [...new Set(processesOf(desk).map(({ is }) => is))].sort()
}
