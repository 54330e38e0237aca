/** `glasskey share inspect|send`: what a custodian does with one sheet. */
import type { Argv } from 'yargs'
import { keyFlags } from './key-flags.js'
import type { Outcome } from './outcome.js'
import { inspectShare, type InspectArguments } from './share-inspect.js'
import { sendFlags, sendShareElsewhere, type SendArguments } from './share-send.js'

interface Arguments extends InspectArguments, SendArguments {
  step: 'inspect' | 'send'
  // Both have them.
  scan: string[]
  shareFile: string[]
}

const RECORD = 'The logbook:'

export const builder = (flags: Argv): Argv =>
  sendFlags(keyFlags(flags))
    .usage('$0 share <inspect|send> [--scan FILE]\n\ninspect: a closed bag with --record and --custody alone; nothing is opened or\nread. A sheet: whether it is whole, whose, of which generation; with --custody,\nif promised.\nsend --warrant FILE --to KEY: releases a share to a machine elsewhere\n(break … --remote), for one warrant, after words were compared by telephone.')
    .positional('step', { choices: ['inspect', 'send'] as const })
    .option('scan', { type: 'string', array: true, default: [], describe: 'scans of both pages; inspect: or camera' })
    .option('browser', { type: 'string', describe: 'of the camera: any, or a program (default: Chromium in a room without network)' })
    .option('share-file', { type: 'string', array: true, nargs: 1, default: [], describe: 'typed share text; - is standard input' })
    .option('type', { type: 'boolean', default: false, describe: 'type the share, group by group' })
    .option('custody', { type: 'string', describe: 'custody folder to hold it against' })
    .option('rehearsal', { type: 'boolean', default: false, describe: 'practice sheets only' })
    .option('online', { type: 'string', describe: 'why a real sheet is read with a network' })
    .option('decided-by', { type: 'string', describe: '--online: who decided it' })
    .option('record', { type: 'boolean', group: RECORD, describe: 'enter the inspection' })
    .option('custodian', { type: 'number', group: RECORD, describe: 'whose bag' })
    .option('copy', { type: 'number', group: RECORD, describe: 'which copy' })
    .option('bag', { type: 'string', group: RECORD, describe: 'number on the bag' })
    .option('condition', { type: 'string', choices: ['intact', 'opened', 'doubtful'], group: RECORD, describe: 'as found' })
    .option('witness', { type: 'string', group: RECORD, describe: 'who saw it' })
    .option('generations', { type: 'string', group: RECORD, describe: 'in the bag, such as 2,3,4' })
    .option('new-bag', { type: 'string', group: RECORD, describe: 'number of the next bag, if it was opened' })
    .option('note', { type: 'string', group: RECORD, describe: 'anything else' })
    .option('out', { type: 'string', group: RECORD, describe: 'file for the entry (PDF); send: the message' })
    .option('printer', { type: 'string', group: RECORD, describe: 'CUPS printer for it' })
    // Rare ones: the questions and refusals name them.
    .hide('browser').hide('decided-by').hide('generations').hide('new-bag').hide('note').hide('printer').hide('passphrase-file').hide('gnupg-home')

export const handler = (args: Arguments): Promise<Outcome> => (args.step === 'send' ? sendShareElsewhere(args) : inspectShare(args))
