/**
 * Starting strongroom, reader and clerk with as little around them as the machine can give.
 *
 * On Linux each gets a user namespace and an empty network namespace of its own. A process in another user namespace of
 * the same uid cannot read their memory. Reader and clerk run other people's code: they also
 * get their own process ids and a file system that holds Node, our code and nothing else. What a machine cannot give is
 * named, printed on the warrant, consented to and recorded.
 */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { existsSync, rmdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GlasskeyError } from '../errors.js'
import { hasErrno, makeTemporaryFolder } from './disk.js'
import { foreignCode } from './environment.js'

/** Processes beside the desk. `camera` is the reader that shows a page instead of reading files. */
export type Room = 'strongroom' | 'reader' | 'camera' | 'clerk'

/** What this machine can give. `exceptions` are sentences for the warrant; empty when everything could be had. */
export interface Isolation {
  namespaces: boolean
  coreLimit: boolean
  exceptions: string[]
}

/** Folder that holds dist/ (or src/) and node_modules/. */
const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
const CODE = resolve(dirname(fileURLToPath(import.meta.url)), '..')

const SHELL = '/bin/sh'

/** Tried once: namespaces with a file system of their own. */
const NAMESPACES = ['--user', '--map-root-user', '--net', '--pid', '--fork', '--kill-child', '--mount']

/**
 * Builds a root that holds only the paths given, read-only, leaves the machine's own root behind, drops every
 * capability and starts the program. Arguments: new root (an empty folder), number of paths, paths, program.
 */
const minimalRoot = (more = '', enter = ''): string => `set -eu
root=$1; count=$2; shift 2
mount -t tmpfs -o size=16m,mode=755 glasskey "$root"
${more}while [ "$count" -gt 0 ]; do
  path=$1; shift; count=$((count - 1))
  [ -e "$path" ] || [ -L "$path" ] || continue
  mkdir -p "$root$(dirname "$path")"
  if [ -L "$path" ]; then ln -s "$(readlink "$path")" "$root$path"; continue; fi
  if [ -d "$path" ]; then mkdir -p "$root$path"; else : > "$root$path"; fi
  mount --rbind -o ro "$path" "$root$path"
done
mkdir -p "$root/proc" "$root/dev" "$root/tmp" "$root/old"
: > "$root/dev/null"; mount --bind /dev/null "$root/dev/null"
mount -t proc proc "$root/proc"
cd "$root"
pivot_root . old
cd /
umount -l /old
exec ${enter}setpriv --no-new-privs --bounding-set=-all --inh-caps=-all env -i HOME=/ "$@"`

/** What a browser needs beside: this machine's own loopback inside the room, and memory to write to, which ends with the room. */
const FOR_A_BROWSER = `mkdir -p "$root/dev/shm" "$root/tmp" "$root/sys"
ip link set lo up 2>/dev/null || { mount -t sysfs sysfs "$root/sys"; echo 1 > "$root/sys/class/net/lo/flags"; umount "$root/sys"; }
for folder in dev/shm tmp; do mount -t tmpfs -o size=512m,mode=1777 glasskey "$root/$folder"; done
for device in zero random urandom; do : > "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
`

/** Root in the room, but not by number: a browser refuses its own sandbox to root, and needs a user namespace to build it in. */
const NOT_AS_ROOT = 'unshare --user --map-user=1000 --map-group=1000 '

/** Finds out what the machine can give. `wanted` false: people chose to go without, which is an exception too. Throws FILE_UNWRITABLE and REFUSED where it cannot be tried. */
export function probeIsolation(wanted = true): Isolation {
  const exceptions: string[] = []
  const unlimited = whyNot('prlimit', ['--core=1', 'true'], 'no prlimit')
  if (unlimited !== null) exceptions.push(`a crash of the strongroom may leave its memory in a core file (${unlimited})`)
  const missing = wanted ? whyNoNamespaces() : 'namespaces are switched off'
  if (missing !== null) exceptions.push(`${missing}: other programs of this account could read the key from memory, and every process has the network`)
  else {
    const shared = whyNot('unshare', ['--user', '--map-user=1000', '--map-group=1000', 'true'], 'no --map-user')
    if (shared !== null) exceptions.push(`the unshare of this machine gives gpg no namespace of its own (${shared}): where it opens a share, it could read the memory of the strongroom`)
  }
  const foreign = foreignCode(process.env)
  if (foreign.length > 0) exceptions.push(`glasskey was started with ${foreign.join(', ')}: other code may run in the desk (not in strongroom, reader or clerk)`)
  return { namespaces: missing === null, coreLimit: unlimited === null, exceptions }
}

/** Keeps this very process out of core files, where the machine can: one that holds a key, or all of a share, itself, and has no room for that. */
export function withoutCoreFile(): void {
  spawnSync('prlimit', ['--pid', String(process.pid), '--core=1'], QUIETLY)
}

/**
 * Starts a room. The environment is empty but for HOME=/, where the SDK finds nothing, and what a terminal shows. `browserPaths` is what a browser in
 * the room needs to see (its folder, a display, cameras); null where none is started there, and only with namespaces. Throws REFUSED,
 * FILE_UNWRITABLE.
 */
export function startRoom(room: Room, args: readonly string[], stdio: StdioOptions, isolation: Isolation, browserPaths: readonly string[] | null = null): ChildProcess {
  const script = join(CODE, room, 'main.js')
  const node = [process.execPath, ...nodeFlags(room), script, ...args]
  // One byte, not none: the kernel hands a core of limit 0 to a piped handler all the same, and refuses at 1 (core(5)).
  const limited = isolation.coreLimit ? ['prlimit', '--core=1'] : []
  // What the terminal sends to the desk's group would end the clerk, or what holds it, in the middle of a change. The end of its pipe ends it.
  const detached = room === 'clerk'
  if (!isolation.namespaces) return start([...limited, ...node], stdio, detached)
  if (room === 'strongroom') {
    return start([...limited, 'unshare', '--user', '--map-root-user', '--net', 'setpriv', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', ...node], stdio)
  }
  const root = makeTemporaryFolder('glasskey-room')
  try {
    const child = start([...limited, ...inMinimalRoot(root, node, browserPaths)], stdio, detached)
    child.once('exit', () => {
      removeEmpty(root)
    })
    return child
  } catch (error) {
    removeEmpty(root)
    throw error
  }
}

/** What is left of a room is an empty folder. A disk that does not let go of it must not end the desk: a key may be live. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

function start(command: string[], stdio: StdioOptions, detached = false): ChildProcess {
  const [file = '', ...args] = command
  let child: ChildProcess
  try {
    child = spawn(file, args, { stdio, detached, env: { HOME: '/', ...ofTheTerminal(process.env) }, serialization: 'advanced' })
  } catch (error) {
    throw notStarted(file, error)
  }
  // What Node says of a process that never was comes later, to whoever listens; an event that nobody hears would end the desk.
  child.on('error', () => undefined)
  if (child.pid === undefined) throw notStarted(file)
  return child
}

/** What a process that talks to people has to know of their terminal, and nothing else of an environment: that it is to write no colours, or obeys no escapes. */
function ofTheTerminal({ NO_COLOR, TERM }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...(NO_COLOR === undefined || NO_COLOR === '' ? {} : { NO_COLOR: '1' }), ...(TERM === 'dumb' ? { TERM } : {}) }
}

function notStarted(file: string, cause?: unknown): GlasskeyError {
  return new GlasskeyError('REFUSED', `${file} cannot be started: it is gone, or this machine has no process, memory or open file left to give`, 'Close other programs, or raise the limits (ulimit -u, ulimit -n). Then begin again.', { cause })
}

function inMinimalRoot(root: string, program: string[], browserPaths: readonly string[] | null = null): string[] {
  const paths = [...visiblePaths(), ...(browserPaths ?? [])]
  const script = browserPaths ? minimalRoot(FOR_A_BROWSER, NOT_AS_ROOT) : minimalRoot()
  return ['unshare', ...NAMESPACES, SHELL, '-c', script, 'room', root, String(paths.length), ...paths, ...program]
}

/** Everything that Node needs to run our code, and no more. */
function visiblePaths(): string[] {
  const system = ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache'].filter((path) => existsSync(path))
  const node = process.execPath.startsWith('/usr/') ? [] : [process.execPath]
  return [...system, ...node, CODE, join(PACKAGE, 'node_modules'), join(PACKAGE, 'package.json')]
}

function nodeFlags(room: Room): string[] {
  const known = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag)
  const flags = ['--no-warnings', '--disallow-code-generation-from-strings']
  // Without this flag SIGUSR1 opens the inspector; older versions of Node install our own handler as early as they can.
  if (known('--disable-sigusr1')) flags.push('--disable-sigusr1')
  if (room === 'clerk') {
    flags.push(known('--permission') ? '--permission' : '--experimental-permission', `--allow-fs-read=${PACKAGE}/*`, '--allow-fs-read=/.oci/*')
    // From Node 25 on the seat belt holds sockets too, and its pipe is one. What keeps the network from it is its namespace.
    if (known('--allow-net')) flags.push('--allow-net')
  }
  return flags
}

/** Whether a room can be made with a loopback of its own and a browser's sandbox inside it: tried, not guessed. */
export function canHoldBrowser(isolation: Isolation, browserPaths: readonly string[]): boolean {
  return isolation.namespaces && whyNoNamespaces(browserPaths) === null
}

/** Null where namespaces can be had; else what became of trying, in words: what was not found out is not called missing. */
function whyNoNamespaces(browserPaths: readonly string[] | null = null): string | null {
  const root = makeTemporaryFolder('glasskey-probe')
  const program = browserPaths ? ['unshare', '--user', 'true'] : [process.execPath, '-e', '0']
  const [file = '', ...args] = inMinimalRoot(root, program, browserPaths)
  try {
    return whyNot(file, args, 'this machine gives no user namespaces', 'this machine did not give a user namespace')
  } finally {
    removeEmpty(root)
  }
}

const PATIENCE_MS = 10_000

/** unshare passes no SIGTERM on, and does not end by it. */
const QUIETLY = { stdio: 'ignore', env: {}, timeout: PATIENCE_MS, killSignal: 'SIGKILL' } as const

/** Null where a program does what it should; else what became of trying, in words. Throws REFUSED where the machine could not try. */
function whyNot(file: string, args: string[], missing: string, slow = `${file} did not answer`): string | null {
  const { status, error } = spawnSync(file, args, QUIETLY)
  if (hasErrno(error, 'ETIMEDOUT')) return `${slow} within ${PATIENCE_MS / 1000} s`
  if (['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE'].some((code) => hasErrno(error, code))) throw notStarted(file, error)
  return status === 0 ? null : missing
}
