/** WebAssembly from installed packages, never from an address, with a bound on the memory that it may grow to. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { LIMITS } from './limits.js'

const require = createRequire(import.meta.url)
const WASM_PAGE = 65_536

/** Takes the instance when there is one. */
export type Receive = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void
/** What emscripten calls in place of fetching and instantiating by itself. */
type Instantiate = (imports: WebAssembly.Imports, receive: Receive) => WebAssembly.Exports

const compiled = new Map<string, WebAssembly.Module>()

/** @param specifier of a .wasm file in an installed package */
export function boundedWasm(specifier: string): Instantiate {
  return (imports, receive) => {
    const module = compiled.get(specifier) ?? new WebAssembly.Module(readFileSync(require.resolve(specifier)))
    compiled.set(specifier, module)
    const instance = new WebAssembly.Instance(module, imports)
    for (const exported of Object.values(instance.exports)) {
      if (exported instanceof WebAssembly.Memory) bound(exported)
    }
    receive(instance, module)
    return instance.exports
  }
}

/** Emscripten grows memory through this method; a refusal makes `malloc` fail inside. */
function bound(memory: WebAssembly.Memory): void {
  const grow = memory.grow.bind(memory)
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * WASM_PAGE > LIMITS.wasmBytes) throw new RangeError('memory limit of the reader')
    return grow(pages)
  }
}
