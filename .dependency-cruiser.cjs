/** Imports point one way; each rule here is one sentence of docs/architecture.md. */
const common = '^src/common/';
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('no-cycles', 'A module never imports itself, however far round', {}, { circular: true }),
    forbid(
      'model-is-the-bottom',
      'model holds schemas and types: it imports zod and itself only',
      { path: `${common}model/` },
      { pathNot: `${common}model/|node_modules/zod/` },
    ),
    forbid(
      'core-is-pure',
      'core imports model, cron-parser, cronstrue and itself: no node modules, no clock, no I/O',
      { path: `${common}core/` },
      { pathNot: `${common}(model|core)/|node_modules/(cron-parser|cronstrue)/` },
    ),
    forbid(
      'store-above-core',
      'store knows model and core, nothing above',
      { path: `${common}store/` },
      { path: `^src/(common/(api|runtime)|master|worker|cli)/` },
    ),
    forbid(
      'api-above-core',
      'the API contract knows model and core, nothing above',
      { path: `${common}api/` },
      { path: `^src/(common/(store|runtime)|master|worker|cli)/` },
    ),
    forbid(
      'common-below-processes',
      'nothing common knows the processes built on it',
      { path: common },
      { path: '^src/(master|worker|cli)/' },
    ),
    forbid(
      'master-not-worker',
      'the master never imports the worker',
      { path: '^src/master/' },
      { path: '^src/(worker|cli)/' },
    ),
    forbid(
      'worker-not-master',
      'the worker never imports the master',
      { path: '^src/worker/' },
      { path: '^src/(master|cli)/' },
    ),
    forbid(
      'runner-is-small',
      'the runner process stays small: node modules and its own folder only',
      { path: '^src/worker/runner/(main|group|spool|tail)' },
      { pathNot: ['^src/worker/runner/', '^node:'], dependencyTypesNot: ['core', 'type-only'] },
    ),
    forbid(
      'one-importer-of-etcd3',
      'only the store client imports etcd3 and its gRPC',
      { pathNot: `${common}store/client` },
      { path: 'node_modules/(etcd3|@grpc)/' },
    ),
    forbid(
      'one-importer-of-cron-parser',
      'only core/cron imports cron-parser (tests and benchmarks compare with it)',
      { path: '^(src|web)/', pathNot: `${common}core/cron` },
      { path: 'node_modules/cron-parser/' },
    ),
    forbid(
      'web-imports-contract-only',
      'the page imports model and api only',
      { path: '^web/' },
      { path: '^src/', pathNot: `${common}(model|api)/` },
    ),
    forbid(
      'product-not-tests',
      'the product never imports tests or benchmarks',
      { path: '^(src|web)/' },
      { path: '^(test|bench)/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
