/** The golden set of format version 1, as tests read it. Frozen: a reader that stops accepting it is broken. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { openWithSecret } from '../../src/custody/envelope.js'
import { parseManifest, type Manifest } from '../../src/custody/manifest.js'
import { judgeShare, type Share } from '../../src/custody/share.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { sealedRules, type Rules } from '../../src/custody/rules.js'
import { parseWarrant, type Warrant } from '../../src/warrant/warrant.js'
import { readJournal, type JournalLine } from '../../src/record/journal.js'
import type { Chain } from '../../src/record/chain.js'

/** Folder of the golden set; `custody/` inside it is a whole custody folder. */
export const VECTORS = new URL('./1/', import.meta.url)

/** The two sessions in it, in order. */
export const SESSIONS = ['20261120T040000Z-0a1b2c3d', '20261122T023000Z-4e5f6a7b'] as const

/** What is secret in a real set; here it opens nothing. */
export interface Secrets {
  generation: number
  /** 32 bytes, hex; also the passphrase of the envelope. */
  sealSecret: string
  shareTexts: string[]
}

/** One single-fault vector: what is read, and what a reader must say. */
export interface Fault {
  name: string
  input: string
  code: string
  message: string
}

/** Bytes of a file of the set. */
export function vectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, VECTORS)))
}

/** Text of a file of the set. */
export function vectorText(path: string): string {
  return readFileSync(new URL(path, VECTORS), 'utf8')
}

/** A JSON file of the set. */
export function vectorJson(path: string): unknown {
  return JSON.parse(vectorText(path))
}

/** The faults of one kind. */
export function faults(kind: string): Fault[] {
  return vectorJson(`faults/${kind}.json`) as Fault[]
}

/** Seal secret and share texts of a generation. */
export function secretsOf(generation: number): Secrets {
  const found = (vectorJson('secrets.json') as Secrets[]).find((entry) => entry.generation === generation)
  if (!found) throw new RangeError(`no generation ${generation} in the golden set`)
  return found
}

/** A fresh copy of a generation's seal secret, as bytes. */
export function sealSecretOf(generation: number): Uint8Array {
  return new Uint8Array(Buffer.from(secretsOf(generation).sealSecret, 'hex'))
}

export function manifestOf(generation: number): Manifest {
  return parseManifest(vectorText(`custody/generations/${generation}/manifest.json`))
}

export function rulesOf(generation: number): Rules {
  return sealedRules(vectorText(`custody/generations/${generation}/rules.json`), manifestOf(generation).rulesSha256)
}

export function envelopeOf(generation: number): Uint8Array {
  return vectorBytes(`custody/generations/${generation}/envelope.pgp`)
}

/** The key itself: open to all in a golden set. */
export async function privateKeyOf(generation: number): Promise<KeyObject> {
  const { pem } = await openWithSecret(envelopeOf(generation), sealSecretOf(generation))
  return createPrivateKey(Buffer.from(pem))
}

/** Judged shares of a generation, in order of custodians. */
export function sharesOf(generation: number): Share[] {
  const manifest = manifestOf(generation)
  return secretsOf(generation).shareTexts.map((text) => judgeShare(parseShareText(text), { manifest, others: [] }))
}

export function warrantOf(session: string): Warrant {
  return parseWarrant(vectorText(`custody/sessions/${session}/warrant.json`))
}

export function journalOf(session: string): Chain<JournalLine> {
  return readJournal(vectorText(`custody/sessions/${session}/journal.jsonl`))
}
