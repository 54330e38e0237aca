/**
 * A custodian elsewhere: reads the warrant, compares the words by telephone, consents, and only then lets the sheet be read. What comes
 * out is a message that nobody but that session's strongroom opens. This machine sees the share.
 */
import { shareToText, type UntrustedShare } from '../custody/share-text.js'
import { UNKNOWN_SHEETS, type KnownSheets } from '../custody/typed-header.js'
import { bagWords, sameWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { ask, say } from '../host/terminal.js'
import { readSessionKey, remoteWords, TRUST_SENTENCE, writeMessage, type SessionKey } from '../warrant/remote.js'
import { DEFERRED_SENTENCE, warrantRows, warrantTitle } from '../warrant/shown.js'
import { parseWarrant, warrantDigest, type Warrant } from '../warrant/warrant.js'

/** What a custodian brings. Answers that are null are asked for. */
export interface Sending {
  warrantText: string
  keyText: string
  /** How messages call the key's file. */
  keyName: string
  /** The words heard on the telephone. */
  words: string | null
  /** The words on the bag of the successor, where the session asks for them. */
  bagWords: string | null
  /** Consent without asking; rehearsals only. */
  yes: boolean
  now: Date
  /** Reads the one sheet; called when everything was agreed to. `known`: the sheets that the warrant is for. */
  readSheet: (known: KnownSheets) => Promise<UntrustedShare>
}

/** What was written. */
export interface Sent {
  session: string
  custodian: number
  keyId: string
  /** OpenPGP fingerprint of the session's key. */
  to: string
  rehearsal: boolean
  /** In armour. */
  message: string
}

/** What is said of a session that was interrupted, once the time of its action is over. */
export const FINISHES = 'The session of this warrant was interrupted, and is to be finished, also when its time is over: nothing of the action is done any more; the successor is installed and the key named here is deleted.'

/** What a custodian agrees to about the machine in front of them. */
export const OWN_MACHINE_SENTENCE = 'this computer may see my share'

/** The message for a session. Throws USAGE, WARRANT_INVALID, WARRANT_EXPIRED, REHEARSAL_MISMATCH, REMOTE_REFUSED, REMOTE_WORDS, CONSENT_REFUSED, SHARE_OTHER_KEY, SHARE_PRACTICE, SHARE_REAL_IN_REHEARSAL. */
export async function sendShare(sending: Sending): Promise<Sent> {
  if (sending.warrantText.startsWith('-----BEGIN PGP')) throw new GlasskeyError('USAGE', 'the file given as --warrant is an OpenPGP key, not a warrant', 'The warrant is the file that ends in .json; the one that ends in .asc goes to --to.')
  const warrant = parseWarrant(sending.warrantText)
  const key = await readSessionKey(sending.keyText, sending.keyName)
  if (key.session !== warrant.session) throw new GlasskeyError('REMOTE_REFUSED', `the key is of session ${key.session}, the warrant of ${warrant.session}`, 'Ask for both files of one session.')
  // A key that is dated behind the warrant's end is one to finish with: then only the exit is signed, at any time.
  const finishes = key.made.getTime() >= Date.parse(warrant.deadline)
  if (!finishes && Date.parse(warrant.deadline) <= sending.now.getTime()) throw new GlasskeyError('WARRANT_EXPIRED', `the warrant ended at ${warrant.deadline}, and it is ${sending.now.toISOString()} by this computer's clock`, 'Ask for the warrant of a running session, and of a resumed one for its new key as well. Set the clock only if a watch says that it is wrong.')
  if (sending.yes && !warrant.rehearsal) throw new GlasskeyError('REHEARSAL_MISMATCH', '--yes is for rehearsals only', 'Type the sentences.')
  say(warrantTitle(warrant), 'strong')
  for (const [name, value] of warrantRows(warrant, null)) say(`  ${name.padEnd(14)}${value}`)
  if (finishes) say(FINISHES, 'strong')
  say('')
  await compareWords(warrant, key, sending.words)
  const { successor } = warrant
  const bag = key.needsBagWords && successor ? await askWords(`Type the 16 words on your bag of GENERATION ${successor.generation}:`, bagWords(successor.spkiSha256), sending.bagWords, '--bag-words', 'the bag and the warrant name different successors') : null
  await consent(TRUST_SENTENCE, 'You release your share for this warrant and nothing else, and trust the machine that receives it.', sending.yes)
  if (!successor) await consent(DEFERRED_SENTENCE, 'This warrant does not rotate the key.', sending.yes)
  await consent(OWN_MACHINE_SENTENCE, 'Your sheet is read on this computer. If somebody else rules it, they have your share.', sending.yes)
  const share = await sending.readSheet(knownFor(warrant))
  try {
    checkShare(share, warrant)
    const message = await writeMessage(
      {
        format: 1,
        session: warrant.session,
        warrantSha256: warrantDigest(warrant),
        keyFingerprint: key.fingerprint,
        nonce: key.nonce,
        custodian: share.custodian,
        share: shareToText(share),
        trusts: TRUST_SENTENCE,
        deferred: successor ? null : DEFERRED_SENTENCE,
        bagWords: bag,
        sent: sending.now.toISOString(),
      },
      key,
    )
    return { session: warrant.session, custodian: share.custodian, keyId: share.keyId, to: key.fingerprint, rehearsal: warrant.rehearsal, message }
  } finally {
    share.bytes.fill(0)
  }
}

/** The words are not shown here: whoever has not heard them cannot type them. */
async function compareWords(warrant: Warrant, key: SessionKey, heard: string | null): Promise<void> {
  say('A custodian or witness at the machine calls you, or you call them: on a number that you had before, and never the operator. They read 16 words from its screen.', 'strong')
  await askWords('Type the 16 words that you hear (or "refuse"):', remoteWords(warrant, key), heard, '--words', 'warrant or key were swapped on their way')
}

async function askWords(question: string, expected: string, given: string | null, flag: string, otherwise: string): Promise<string> {
  for (let answer = given; ; answer = null) {
    answer ??= await ask(question, flag)
    if (sameWords(answer, expected)) return expected
    const count = answer.split(/\s+/).filter((word) => word !== '').length
    if (given !== null || answer.toLowerCase() === 'refuse') throw new GlasskeyError('REMOTE_WORDS', `those are not the words: ${otherwise}`, 'Nothing was sent, and no sheet was read. Say so on the telephone, and raise the alarm.')
    say(count === 16 ? 'Those are not the words. Listen again; if they are as you typed them, type "refuse": somebody swapped warrant or key.' : `That is ${count} of 16 words. Nothing happened; try again.`, 'alarm')
  }
}

async function consent(sentence: string, why: string, yes: boolean): Promise<void> {
  say(why)
  if (yes) {
    say(`  ${sentence} (rehearsal --yes)`)
    return
  }
  for (;;) {
    const answer = await ask(`Type (or "refuse"): ${sentence}\n>`, '--yes in a rehearsal')
    if (sameWords(answer, sentence)) return
    if (answer.toLowerCase() === 'refuse') throw new GlasskeyError('CONSENT_REFUSED', `not agreed: ${sentence}`, 'Nothing was sent, and no sheet was read.')
    say('That is not the sentence. Nothing happened; try again, or type "refuse".', 'alarm')
  }
}

/** What can be told without a custody folder; the strongroom judges the rest. */
function checkShare(share: UntrustedShare, warrant: Warrant): void {
  const read = ', and read on this machine'
  checkKind(share.rehearsal, warrant, read)
  checkKey(share.keyId, warrant, read)
}

/** The same while a share is typed: a wrong one is put away before all of it is on this machine. */
function knownFor(warrant: Warrant): KnownSheets {
  return {
    beginnings: [],
    judgeKind: (rehearsal) => {
      checkKind(rehearsal, warrant)
    },
    judge: (header) => {
      checkKey(header.keyId, warrant)
      return UNKNOWN_SHEETS.judge(header)
    },
  }
}

/** Throws SHARE_PRACTICE, SHARE_REAL_IN_REHEARSAL. */
function checkKind(practice: boolean, { key, rehearsal }: Warrant, read = ''): void {
  if (practice && !rehearsal) throw new GlasskeyError('SHARE_PRACTICE', 'this is a practice sheet (GKR): it opens nothing real', bring(key))
  if (!practice && rehearsal) throw new GlasskeyError('SHARE_REAL_IN_REHEARSAL', 'this is a REAL sheet (GK), and this is a rehearsal', `Put it back into its bag at once and note in the logbook that it was opened${read}.`)
}

/** Throws SHARE_OTHER_KEY. */
function checkKey(keyId: string, { key }: Warrant, read = ''): void {
  if (keyId !== key.keyId) throw new GlasskeyError('SHARE_OTHER_KEY', `the sheet is of key ${keyId}, and the warrant is for ${key.keyId}`, `${bring(key)} Nothing was sent; note in the logbook that this bag was opened${read}.`)
}

const bring = ({ generation, keyId }: Warrant['key']): string => `Bring a sheet of GENERATION ${generation}, key id ${keyId}.`
