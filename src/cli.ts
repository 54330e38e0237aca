#!/usr/bin/env node
/** argv in, exit code out. The front page and the version come at once; everything else is loaded when it is asked for. */
import { frontPage } from './commands/front-page.js'
import { WHICH } from './commands/verbs.js'
import { EXIT } from './errors.js'
import { outliveOutput, print } from './host/standard-output.js'
import { newerNodeNeeded, VERSION } from './version.js'

outliveOutput()

const words = process.argv.slice(2)
switch (words.join(' ')) {
  case '--help':
  case 'help':
  case 'help help':
    print(frontPage())
    break
  case '--version':
    print(`${VERSION}\n`)
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
