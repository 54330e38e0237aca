/** What the camera's room is told when it starts: one line of JSON on standard input, where no list of processes shows it. */
import { z } from 'zod'

export const cameraSettings = z.strictObject({
  /** Opens the page, once. */
  token: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** The program to start in this room; null: the page is served on the listening socket that came as descriptor 4. */
  browser: z.strictObject({ program: z.string(), env: z.record(z.string(), z.string()) }).nullable(),
})
export type CameraSettings = z.infer<typeof cameraSettings>
