/** What the page may ask for. A browser outside the room is not trusted, nor is whoever else can reach its loopback. */
export const LIMITS = {
  /** Bytes of one request's body: a text, and what is around it. */
  body: 16 * 1024,
  /** Characters of one typed text: a share has 82, with spaces between groups 102. */
  typed: 400,
  /** Different texts of one page. */
  texts: 2000,
  /** Connections at a time: a browser opens six. */
  connections: 16,
  /** Milliseconds for a request to come in whole. */
  request: 10_000,
  /** Milliseconds after which a page that went away counts as closed: a reload takes one or two seconds. */
  away: 10_000,
  /** Milliseconds for a browser in this room to show the page: a slow machine takes half a minute. */
  opening: 120_000,
  /** Milliseconds that "complete" stays on the screen. */
  farewell: 1500,
} as const
