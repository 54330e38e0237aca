/** Whether a generation's ceremony came to its end. What was not sealed is never installed. */
import { join } from 'node:path'
import { manifestDigest, parseManifest, type Manifest } from '../custody/manifest.js'
import { sealedRules, type Rules } from '../custody/rules.js'
import { GlasskeyError } from '../errors.js'
import { readClosedTranscript, type Transcript } from '../record/transcript.js'
import { namesIn, readLines, readText } from './disk.js'
import { places } from './sealed-folder.js'

/**
 * The transcript of the ceremony that made this generation: closed, the one that the manifest names, and telling of this
 * very manifest and envelope. Throws SET_NOT_SEALED, CHAIN_BROKEN, TRANSCRIPT_INVALID.
 */
export function requireSealed(folder: string, manifest: Manifest): Transcript {
  const unsealed = (what: string): GlasskeyError => new GlasskeyError('SET_NOT_SEALED', `GENERATION ${manifest.generation} is not sealed: ${what}`, 'It must not be installed. Where an import of its ceremony was interrupted: glasskey ceremony import, once more. Otherwise fetch an untouched copy of the custody folder; if that says the same, hold another ceremony.')
  if (manifest.transcriptSha256 === null) throw unsealed('its manifest names no transcript of a ceremony')
  const path = transcriptOf(folder, manifest.generation)
  if (path === null) throw unsealed('the transcript of its ceremony is not in records/')
  const transcript = readClosedTranscript(readLines(path, 'the transcript'), path)
  if (transcript.sha256 !== manifest.transcriptSha256) throw unsealed(`${path} is not the transcript that its manifest names`)
  const { opened, made } = transcript.conduct
  const told = made.find(({ generation }) => generation === manifest.generation)
  if (told?.manifestSha256 !== manifestDigest(manifest) || told.envelopeSha256 !== manifest.envelopeSha256) throw unsealed('its transcript tells of another manifest or envelope')
  if (opened.rehearsal !== manifest.rehearsal) throw unsealed(`its transcript is that of a ${opened.rehearsal ? 'rehearsal' : 'real ceremony'}`)
  return transcript
}

/** Manifest and rules of one generation, as they lie in a custody folder or an outbox. Throws MANIFEST_INVALID, FOLDER_ALTERED. */
export function readGenerationFiles(folder: string, generation: number): { manifest: Manifest; rules: Rules } {
  const place = places.generation(folder, generation)
  const manifest = parseManifest(readText(join(place, 'manifest.json'), 'the manifest'), join(place, 'manifest.json'))
  return { manifest, rules: sealedRules(readText(join(place, 'rules.json'), 'the rules'), manifest.rulesSha256) }
}

/** First generations of the ceremonies whose transcripts are there. Throws FILE_UNREADABLE. */
export function ceremoniesIn(folder: string): number[] {
  return namesIn(places.records(folder), 'the folder of the records')
    .flatMap((name) => /^ceremony-from-generation-(\d{1,4})\.jsonl$/.exec(name)?.[1] ?? [])
    .map(Number)
}

/** First generation of the last ceremony that began at or before this generation, by the transcripts that are there; null when there is none. */
export function ceremonyOf(folder: string, generation: number): number | null {
  const firsts = ceremoniesIn(folder).filter((first) => first <= generation)
  return firsts.length === 0 ? null : Math.max(...firsts)
}

/** The transcript of the last ceremony that began at or before this generation; null when there is none. */
function transcriptOf(folder: string, generation: number): string | null {
  const first = ceremonyOf(folder, generation)
  return first === null ? null : places.transcript(folder, first)
}
