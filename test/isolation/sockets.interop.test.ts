/** With the namespaces switched off the rooms could open sockets. They do not: only the desk does. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { rehearsal, withoutShares } from '../stage/rehearsal.js'

const run = promisify(execFile)

/** Which room each process of a trace belonged to, and which of them asked for an internet socket. */
function socketsByRoom(trace: string): Record<string, number> {
  const room = new Map<string, string>()
  const sockets: Record<string, number> = {}
  for (const line of trace.split('\n')) {
    const [, pid = '', call = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const child = /^(?:clone|clone3|vfork|fork)\(.*\)\s*=\s*(\d+)$|^<\.\.\. (?:clone|clone3|vfork|fork) resumed>.*=\s*(\d+)$/.exec(call)
    const born = child?.[1] ?? child?.[2]
    if (born !== undefined && !room.has(born)) room.set(born, room.get(pid) ?? 'desk')
    const entered = /^execve\(.*(strongroom|clerk|reader)\/main\.js"/.exec(call)?.[1]
    if (entered !== undefined) room.set(pid, entered)
    if (/^socket\((AF_INET|AF_INET6|AF_NETLINK)/.test(call)) {
      const name = room.get(pid) ?? 'desk'
      sockets[name] = (sockets[name] ?? 0) + 1
    }
  }
  return { ...Object.fromEntries([...new Set(room.values())].map((name) => [name, 0])), ...sockets }
}

test('strongroom, reader and clerk open no network socket', async () => {
  const stage = await rehearsal()
  try {
    const trace = join(stage.directory, 'trace')
    await run('strace', ['-f', '-s', '400', '-e', 'trace=execve,socket,clone,clone3,vfork,fork', '-o', trace, process.execPath, CLI, ...withoutShares(stage.saasAdmin()), ...stage.scans(2, 1, 2), '--no-namespaces'], { cwd: stage.directory, maxBuffer: 1 << 26 })
    const sockets = socketsByRoom(readFileSync(trace, 'utf8'))
    expect(Object.keys(sockets).sort()).toEqual(['clerk', 'desk', 'reader', 'strongroom'])
    expect(sockets['desk']).toBeGreaterThan(0)
    expect([sockets['strongroom'], sockets['clerk'], sockets['reader']]).toEqual([0, 0, 0])
    // What people went without is on the record.
    const [opened] = stage.journal()
    expect(opened).toMatchObject({ isolation: ['namespaces are switched off: other programs of this account could read the key from memory, and every process has the network'] })
  } finally {
    await stage.close()
  }
})
