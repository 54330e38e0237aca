#!/usr/bin/env node
/** argv in, exit code out. The front page and the version come at once; everything else is loaded when it is asked for. */
import { frontPage } from './commands/front-page.js'
import { WHICH } from './commands/verbs.js'
import { EXIT } from './errors.js'
import { newerNodeNeeded, VERSION } from './version.js'

// A terminal that was closed must not end a process that still has something to rotate.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

// What was asked for and did not arrive (a full disk) is no success. Who closed a pipe or a terminal wanted no more.
process.stdout.once('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || process.stdout.isTTY) return
  process.once('exit', () => {
    process.stderr.write(`FILE_UNWRITABLE: standard output took not all of what was asked for (${error.message})\nMake room, or name another file. What was done is done; only its account is cut short.\n`)
    process.exitCode ||= EXIT.usage
  })
})

const words = process.argv.slice(2)
switch (words.join(' ')) {
  case '--help':
  case 'help':
  case 'help help':
    process.stdout.write(frontPage())
    break
  case '--version':
    process.stdout.write(`${VERSION}\n`)
    break
  case '':
    process.stderr.write(`${frontPage()}\nUSAGE: ${WHICH}\n`)
    process.exitCode = EXIT.usage
    break
  default: {
    // Before anything is loaded, whose own words for it would help nobody.
    const unfit = unfitPlace()
    if (unfit === null) await (await import('./commands/command-line.js')).runCommand(words)
    else {
      process.stderr.write(`USAGE: ${unfit}\n`)
      process.exitCode = EXIT.usage
    }
  }
}

/** Why nothing can run here, and what to do about it; null: it can. */
function unfitPlace(): string | null {
  const needed = newerNodeNeeded(process.versions.node)
  if (needed !== null) return `glasskey needs Node ${needed} or newer, and this is ${process.versions.node}\nInstall one, or name it: /path/to/node ${process.argv[1] ?? 'dist/cli.js'} ${words[0] ?? ''} …`
  try {
    process.cwd()
    return null
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return 'the folder that this was started in is gone\nGo to another one (cd), and begin again.'
  }
}
