import type { Role } from './played.js'

export function processesOf(desk: number): { pid: number; is: Role | 'reader' }[]
export function killOf(desk: number, victim: Role): number
export function folderOf(pid: number | string): string | undefined
export function endAllIn(folder: string): void
