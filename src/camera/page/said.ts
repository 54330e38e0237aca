/** What the server says to the page, as types: nothing of this is left when it runs. */

/** How a text was taken; `more` is how many sheets are still needed, null where that is not known. */
export interface Verdict {
  tone: 'good' | 'plain' | 'alarm'
  words: string
  more: number | null
}

/** Answer to coming in: the session, and what was judged so far, oldest first. */
export interface Entered {
  session: string
  verdicts: Verdict[]
}

/** Answer to anything that is refused. */
export interface Refused {
  refused: string
}
