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
      'web-imports-what-is-pure',
      'the page imports model, api and core only: what needs no node',
      { path: '^web/src/' },
      { path: '^src/', pathNot: `${common}(model|api|core)/` },
    ),
    forbid(
      'web-without-node',
      'the page runs in a browser: nothing of node, directly or not',
      { path: '^web/src/' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'features-apart',
      'a feature never imports another: what two of them need is a component or lies in lib',
      { path: '^web/src/features/([^/]+)/' },
      { path: '^web/src/features/', pathNot: '^web/src/features/$1/' },
    ),
    forbid(
      'web-lib-is-the-bottom',
      'lib knows no page and no component; the words of the page are below it as types only',
      { path: '^web/src/lib/' },
      { path: '^web/src/(app|features|components)/' },
    ),
    forbid(
      'components-know-no-page',
      'components are shared: they know lib and each other',
      { path: '^web/src/components/' },
      { path: '^web/src/(app|features)/' },
    ),
    forbid(
      'features-in-the-shell',
      'a feature stands in the shell and does not know it',
      { path: '^web/src/features/' },
      { path: '^web/src/app/' },
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
