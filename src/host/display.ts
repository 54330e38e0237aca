/** The display that a window can be opened on, and what of this machine a browser must see for it. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Variables for the browser, and sockets and files that it opens. */
export interface Display {
  kind: 'wayland' | 'x11'
  env: Record<string, string>
  paths: string[]
}

/** The display of this environment, or null. One that is reached over a network (`ssh -X`) is none: the room has no network. */
export function displayOf(environment: Readonly<Record<string, string | undefined>>): Display | null {
  const { WAYLAND_DISPLAY: wayland = '', XDG_RUNTIME_DIR: runtime = '', DISPLAY: x11 = '' } = environment
  const socket = wayland.startsWith('/') ? wayland : join(runtime, wayland)
  if (wayland !== '' && socket.startsWith('/') && existsSync(socket)) {
    return { kind: 'wayland', env: { WAYLAND_DISPLAY: wayland, XDG_RUNTIME_DIR: runtime }, paths: [socket] }
  }
  const number = /^(?:unix)?:(\d+)(?:\.\d+)?$/.exec(x11)?.[1]
  const unix = `/tmp/.X11-unix/X${number ?? ''}`
  if (number === undefined || !existsSync(unix)) return null
  const authority = environment['XAUTHORITY'] ?? join(homedir(), '.Xauthority')
  const known = existsSync(authority)
  return { kind: 'x11', env: { DISPLAY: `:${number}`, ...(known ? { XAUTHORITY: authority } : {}) }, paths: [unix, ...(known ? [authority] : [])] }
}
