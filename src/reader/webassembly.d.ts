/** The part of the WebAssembly JavaScript API that the reader uses: Node has it, its types (version 20) do not. */

declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>
  type Exports = Record<string, unknown>

  interface Module {
    readonly [Symbol.toStringTag]: string
  }

  const Module: new (bytes: Uint8Array) => Module

  class Instance {
    constructor(module: Module, imports: Imports)
    readonly exports: Exports
  }

  class Memory {
    readonly buffer: ArrayBuffer
    /** Grows by pages of 64 KiB; returns the size before, in pages. */
    grow(pages: number): number
  }
}
