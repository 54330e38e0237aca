/** The arrow of dependencies, as docs/architecture.md draws it. `npm run arrows` holds the code against it. */
const pure = '^src/(custody|warrant|record|wire)/|^src/(canonical|errors|version)\\.ts$'

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'pure-rooms-stay-pure', comment: 'custody, warrant and record know no disk, network, clock or process', severity: 'error', from: { path: '^src/(custody|warrant|record)/' }, to: { path: '^src/', pathNot: pure } },
    { name: 'pure-rooms-do-no-io', severity: 'error', from: { path: '^src/(custody|warrant|record)/' }, to: { path: '^(node:)?(fs|net|http|https|tls|child_process|os|process|dns|dgram|worker_threads)' } },
    { name: 'the-key-has-no-sdk', comment: 'law 1: other people\'s code has neither key nor network', severity: 'error', from: { pathNot: '^src/clerk/' }, to: { path: 'node_modules/oci-' } },
    { name: 'the-clerk-is-alone', comment: 'only its door may be imported', severity: 'error', from: { pathNot: '^src/clerk/' }, to: { path: '^src/clerk/', pathNot: '^src/clerk/door\\.ts$' } },
    { name: 'the-clerk-sees-nothing', severity: 'error', from: { path: '^src/clerk/', pathNot: '^src/clerk/door\\.ts$' }, to: { path: '^src/', pathNot: '^src/(clerk/|canonical\\.ts|errors\\.ts)' } },
    { name: 'strongroom-imports-few', comment: 'few enough to read in an afternoon', severity: 'error', from: { path: '^src/strongroom/' }, to: { path: 'node_modules', pathNot: 'node_modules/(zod|shamir-secret-sharing|openpgp|@scure/base|canonicalize)/' } },
    { name: 'strongroom-reads-no-yaml', severity: 'error', from: { path: '^src/strongroom/' }, to: { path: 'node_modules/(yaml|marked|mustache|pdfkit|fontkit|harfbuzzjs|qrcode|yargs)/', reachable: true } },
    { name: 'strongroom-draws-nothing', severity: 'error', from: { path: '^src/strongroom/' }, to: { path: '^src/(paper|reader|ceremony|breakglass|audit|commands|simulator|drill)/' } },
    { name: 'nobody-imports-the-strongroom', comment: 'its protocol aside', severity: 'error', from: { pathNot: '^src/strongroom/' }, to: { path: '^src/strongroom/', pathNot: '^src/strongroom/protocol\\.ts$' } },
    { name: 'simulator-stands-alone', comment: 'an independent verifier shares no code with the signer', severity: 'error', from: { path: '^src/simulator/' }, to: { path: '^src/', pathNot: '^src/(simulator/|errors\\.ts|canonical\\.ts)' } },
    { name: 'nobody-needs-the-simulator', severity: 'error', from: { pathNot: '^src/(simulator/|commands/simulator\\.ts)' }, to: { path: '^src/simulator/' } },
    { name: 'nothing-imports-commands', severity: 'error', from: { pathNot: '^src/(cli\\.ts|commands/)' }, to: { path: '^src/commands/' } },
    { name: 'adapters-below-flows', severity: 'error', from: { path: '^src/(host|paper|reader|camera|wire)/' }, to: { path: '^src/(ceremony|breakglass|audit|commands|drill)/' } },
    { name: 'the-page-imports-only-itself', comment: 'what runs in a browser is served file by file; of the rest it knows types', severity: 'error', from: { path: '^src/camera/page/' }, to: { path: '^(src|node_modules)/', pathNot: '^src/camera/page/|^node_modules/zxing-wasm/', dependencyTypesNot: ['type-only'] } },
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] } },
}
