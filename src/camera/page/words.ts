/** What the page says by itself; everything about sheets comes from whoever judges them. */

export const CAMERA_ENDED = 'The camera was unplugged or taken by another program. Plug it in and try again, or type the share.'
export const GONE = 'This page has ended. Look at the terminal.'
export const COMPLETE = 'Complete. No more sheets are needed.'
export const NO_MORE = 'No more sheets. Look at the terminal.'

/** Why there is no picture, and what to do. */
export function cameraTrouble(error: unknown): string {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
      return 'The camera was refused. Allow it for this page in the browser\'s address bar and try again, or type the share.'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'No camera was found. Plug one in and try again, or type the share. A browser that glasskey opened sees only cameras that were there before.'
    case 'NotReadableError':
    case 'AbortError':
      return 'The camera is in use by another program. Close that and try again, or type the share.'
    default:
      return 'The camera does not start. Try again, or type the share.'
  }
}

/** How many sheets are still needed. */
export function stillNeeded(more: number | null): string {
  if (more === null) return 'Show the sheets that you have.'
  if (more === 0) return COMPLETE
  return `${more} more needed`
}
