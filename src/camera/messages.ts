/** What the page asks of its server, beside the files: JSON by POST, from the page's own origin. Answers: page/said.ts. */
import { z } from 'zod'
import { LIMITS as READER } from '../reader/limits.js'

/** The page comes in with its token, or comes back (a reload) with its session. */
export const entering = z.union([z.strictObject({ token: z.string().max(64) }), z.strictObject({ session: z.string().max(64) })])
/** A text that was seen by the camera, or typed. */
export const showing = z.strictObject({ text: z.string().min(1).max(READER.textLength), how: z.enum(['seen', 'typed']) })

/** Header that carries the session. */
export const SESSION_HEADER = 'x-glasskey-session'
