/** The page's end of the line to its server, which is the only place that it talks to. */
import type { Entered, Refused, Verdict } from './said.js'

const SESSION = 'glasskey'

/** The server said no, in words for people. */
export class Refusal extends Error {}

let session = ''

/** Comes in with the token of the address, or after a reload with what this tab remembers. Throws a Refusal. */
export async function enter(): Promise<Verdict[]> {
  const token = location.hash.slice(1)
  // It works once; nobody needs to find it in a history.
  history.replaceState(null, '', '/')
  const remembered = sessionStorage.getItem(SESSION)
  const entered = (await post('/enter', remembered !== null && token === '' ? { session: remembered } : { token })) as Entered
  session = entered.session
  sessionStorage.setItem(SESSION, session)
  return entered.verdicts
}

/** What whoever judges says to a text. Throws a Refusal. */
export async function show(text: string, how: 'seen' | 'typed'): Promise<Verdict> {
  return (await post('/show', { text, how })) as Verdict
}

/** There are no more sheets. */
export async function done(): Promise<void> {
  await post('/done', {})
}

/** Resolves when the server is gone. */
export async function untilGone(): Promise<void> {
  try {
    const { body } = await send('/present', {})
    const reader = body?.getReader()
    while (reader && !(await reader.read()).done);
  } catch {
    // A connection that broke is one that ended.
  }
}

async function post(path: string, body: object): Promise<unknown> {
  const response = await send(path, body)
  const said = (await response.json()) as Partial<Refused>
  if (!response.ok) throw new Refusal(said.refused ?? 'the page was refused')
  return said
}

function send(path: string, body: object): Promise<Response> {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', 'x-glasskey-session': session }, body: JSON.stringify(body), cache: 'no-store', redirect: 'error' })
}
