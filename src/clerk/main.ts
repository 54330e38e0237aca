/** The clerk: the process with the OCI SDK. It has no key and no network; it asks through the pipe on descriptor 3. */
import { Socket } from 'node:net'
import type { Json } from '../canonical.js'
import { Post } from './post.js'

/** One file per task, loaded when asked for. */
const ACTIONS: Record<string, () => Promise<(post: Post, params: never) => Promise<Json>>> = {
  'saas-admin': async () => (await import('./actions/saas-admin.js')).saasAdmin,
  'lock-down': async () => (await import('./actions/lock-down.js')).lockDown,
  'upload-key': async () => (await import('./actions/api-key.js')).uploadKey,
  'delete-key': async () => (await import('./actions/api-key.js')).deleteKey,
  survey: async () => (await import('./actions/survey.js')).survey,
  warm: async () => (await import('./actions/warm.js')).warm,
}

// Whoever may send signals could stop it, and leave others waiting for it.
process.on('SIGTSTP', () => undefined)

const pipe = new Socket({ fd: 3, readable: true, writable: true })
pipe.on('end', () => process.exit(0))
pipe.on('error', () => process.exit(0))

const post = new Post(pipe, (task, params) => {
  void run(task, params).then(
    (done) => {
      post.say({ done })
    },
    (error: unknown) => {
      post.say({ error: describe(error) })
    },
  )
})

async function run(task: string, params: Record<string, unknown>): Promise<Json> {
  const load = Object.hasOwn(ACTIONS, task) ? ACTIONS[task] : undefined
  if (!load) throw new Error(`no task "${task}"`)
  const action = await load()
  return action(post, params as never)
}

/** SDK errors come as OciError, as plain objects, or as Errors. */
function describe(error: unknown): { message: string; status: number | null; code: string | null } {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as { message?: unknown; statusCode?: unknown; serviceCode?: unknown }
  return {
    message: typeof fields.message === 'string' ? fields.message : String(error),
    status: typeof fields.statusCode === 'number' ? fields.statusCode : null,
    code: typeof fields.serviceCode === 'string' ? fields.serviceCode : null,
  }
}
