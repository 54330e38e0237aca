/**
 * The desk during a session: it starts strongroom, reader and clerk, connects their pipes so that what must not pass
 * through it does not, relays ciphertext, and tells people what happens.
 */
import { closeSync } from 'node:fs'
import { basename } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { openDoor, startCamera, type Camera, type Door } from '../host/camera.js'
import { startRoom, type Isolation } from '../host/isolation.js'
import { Relay } from '../host/relay.js'
import { openScan } from '../host/scan-reader.js'
import { neverWait, say } from '../host/terminal.js'
import type { FromStrongroom, Order, ToStrongroom } from '../strongroom/protocol.js'
import type { Answer, Attention } from './attention.js'
import type { KeptLines } from './kept-lines.js'

/** How the strongroom ended. */
export type Finished = Extract<FromStrongroom, { kind: 'finished' }>

/** What a session needs from the desk. */
export interface DeskJob {
  order: Order
  /** Scan files; only the reader sees what is in them. */
  scans: readonly string[]
  /** How sheets are shown to a camera, in place of scan files; the desk starts the page and sees nothing of it either. */
  camera: Camera | null
  /** Whether there is something for the SDK to marshal: otherwise its process is not even started. */
  clerk: boolean
  /** Origins of the warrant's hosts. */
  origins: readonly string[]
  isolation: Isolation
  attention: Attention
  /** Takes the journal's lines that no disk takes. */
  kept: KeptLines
}

/**
 * Holds one session. Resolves when the strongroom is gone. Null when it died without a word: then the
 * journal says how far it got.
 */
export async function holdAtDesk(job: DeskJob): Promise<Finished | null> {
  const { scans, door, strongroom, clerk, readerPipe } = await begin(job)
  // Only now: a child that is given the terminal makes it wait again.
  for (const stream of [process.stdout, process.stderr]) neverWait(stream)
  let reader: ChildProcess | null = null
  const send = (message: ToStrongroom): void => {
    if (strongroom.connected) strongroom.send(message, undefined, undefined, () => undefined)
  }
  const relay = new Relay(job.origins, send)
  const stage = { live: false }
  job.attention.heed(askedToLeave(send, stage))
  let finished: Finished | null = null

  strongroom.on('message', (message: FromStrongroom) => {
    switch (message.kind) {
      case 'unwritten':
        job.kept.add(message.text, message.why, message.before)
        break
      case 'written':
        job.kept.drop()
        break
      case 'read-scans':
        reader = orNothing(() => door
          ? startCamera(door, job.isolation, readerPipe)
          : startRoom('reader', job.scans.map((path) => basename(path)), ['ignore', 'ignore', 'ignore', readerPipe, ...scans], job.isolation))
        readerPipe.destroy()
        for (const descriptor of scans) closeSync(descriptor)
        break
      case 'quorum-complete':
        stage.live = true
        reader?.kill('SIGKILL')
        break
      case 'finished':
        finished = message
        break
      case 'connect':
      case 'data':
      case 'end':
        relay.take(message)
    }
  })
  send({ kind: 'begin', order: job.order })
  // Whoever may send signals can stop it; a key that nobody can rotate would lie in this machine for as long as people wait.
  const awake = setInterval(() => {
    keepAwake(strongroom)
  }, AWAKE_MS)
  await ended(strongroom).finally(() => {
    clearInterval(awake)
  })
  relay.close()
  door?.listener?.close()
  clerk?.kill('SIGKILL')
  ;(reader as ChildProcess | null)?.kill('SIGKILL')
  return finished
}

/** How often a strongroom that somebody stopped is continued. */
const AWAKE_MS = 1000

/** One that cannot be sent a signal needs none, or is beyond help: nothing of that may end the desk. */
function keepAwake({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGCONT')
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

/** What a session needs before its strongroom has an order: scans and door opened, a clerk where one is needed. All of it, or nothing is left open. Throws what the parts throw. */
async function begin(job: DeskJob): Promise<{ scans: number[]; door: Door | null; strongroom: ChildProcess; clerk: ChildProcess | null; readerPipe: Socket }> {
  const scans: number[] = []
  let door: Door | null = null
  let strongroom: ChildProcess | null = null
  try {
    // Descriptors are opened before anything starts: a wrong path is an error before a share is read.
    for (const path of job.scans) scans.push(openScan(path))
    door = job.camera && (await openDoor(job.camera))
    strongroom = startRoom('strongroom', [], ['inherit', 'ignore', 'inherit', 'ipc', 'pipe', 'pipe'], job.isolation)
    const [, , , , readerPipe, clerkPipe] = strongroom.stdio as unknown as readonly [unknown, unknown, unknown, unknown, Socket, Socket]
    const clerk = job.clerk ? startRoom('clerk', [], ['ignore', 'ignore', 'ignore', clerkPipe], job.isolation) : null
    clerkPipe.destroy()
    return { scans, door, strongroom, clerk, readerPipe }
  } catch (error) {
    strongroom?.kill('SIGKILL')
    door?.listener?.close()
    for (const descriptor of scans) closeSync(descriptor)
    throw error
  }
}

/** A reader that cannot be started is one that ends at once: its pipe closes, and the strongroom lets people type. */
function orNothing(start: () => ChildProcess): ChildProcess | null {
  try {
    return start()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    say(`The sheets cannot be read by a machine: ${error.message}.`, 'alarm')
    return null
  }
}

/** The first signal asks for the exit, and says so; further ones say what is at stake. */
function askedToLeave(send: (message: ToStrongroom) => void, stage: { live: boolean }): Answer {
  let asked = 0
  return (_, cause) => {
    asked += 1
    if (asked === 1) send({ kind: 'leave', cause })
    if (asked === 1) say(`${cause}: stopping in order. If the key is live it is rotated first: seconds, or up to 15 minutes if OCI does not answer.`, 'alarm')
    else if (stage.live) say('Still rotating. Killing glasskey now would leave a key alive that has been in this machine.', 'alarm')
    else say('Still stopping in order. The key is not live.', 'alarm')
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => {
      resolve()
    })
    child.once('error', reject)
  })
}
