/**
 * The strongroom: the process with the key. It has no network and outlives nobody.
 *
 * It ignores the signals that a terminal sends and goes to its exit when the desk tells it or is gone. Its end is the
 * only thing that truly removes a secret from memory.
 */
import { neverWait } from '../host/terminal.js'
import { deskLine } from './desk-line.js'
import { hold } from './session.js'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) process.on(signal, () => undefined)
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => undefined)
  neverWait(stream)
}

const desk = deskLine()
const finished = await hold(desk)
await desk.sayAndWait(finished)
// Not process.exit: on a terminal that is gone Node ends in an abort, and nothing should look at this memory again.
process.kill(process.pid, 'SIGKILL')
