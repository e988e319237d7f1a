/**
 * The floors of the house: imports go down only. `scripts/rails/planted` breaks each of these rules once, and `npm test` fails unless
 * every planted violation is found.
 */
const CONNECTOR = '^connectors/(?!sdk/)([^/]+)/';

/** A floor and everything that it may stand on; packages outside the repository are not the business of these rules. */
const FLOORS = {
  'schemas-import-nothing-of-ours': { from: '^schemas/src', to: [] },
  'event-log-stands-on-schemas': { from: '^infra/event-log/src', to: ['schemas'] },
  'state-store-stands-on-the-log': { from: '^infra/state-store/src', to: ['infra/event-log', 'schemas'] },
  'hub-stands-on-ports-and-schemas': {
    from: '^services/hub/src',
    to: ['infra/event-log', 'infra/state-store', 'schemas'],
  },
  'gateway-stands-on-the-hub': {
    from: '^services/gateway/src',
    to: ['services/hub', 'infra/event-log', 'infra/state-store', 'schemas'],
  },
  'sdk-stands-on-log-and-schemas': { from: '^connectors/sdk/src', to: ['infra/event-log', 'schemas'] },
  'console-stands-on-http-alone': { from: '^services/console/src', to: [] },
};

const OURS = '^(schemas|infra|connectors|services)/';

const floorRules = Object.entries(FLOORS).map(([name, { from, to }]) => {
  const own = from.slice(1).replace(/\/src$/, '');
  return {
    name,
    severity: 'error',
    from: { path: `${from}/` },
    to: { path: OURS, pathNot: `^(${[own, ...to].join('|')})/` },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...floorRules,
    {
      name: 'connectors-stand-on-the-sdk',
      comment: 'A connector imports neither another one, nor the hub, nor a store.',
      severity: 'error',
      from: { path: CONNECTOR },
      to: { path: OURS, pathNot: '^(connectors/$1|connectors/sdk|schemas)/' },
    },
    {
      name: 'domain-is-pure',
      comment:
        'services/hub/src/domain imports nothing of Node, no port and no adapter: time, ids and data come in as arguments.',
      severity: 'error',
      from: { path: '^services/hub/src/domain[./]' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'domain-knows-no-store',
      severity: 'error',
      from: { path: '^services/hub/src/domain[./]' },
      to: { path: '^(infra/|services/hub/src/(?!domain[./]))' },
    },
    {
      name: 'only-the-root-creates-adapters',
      comment: 'Adapters are made in services/unsilo; everybody else is given a port.',
      severity: 'error',
      from: { path: '^(schemas|connectors|services/(?!unsilo/)[^/]+)/src/' },
      to: { path: '^infra/[^/]+/src/(?!index\\.ts$|port\\.ts$|suite)', pathNot: '^infra/[^/]+/src/(errors)\\.ts$' },
    },
    {
      name: 'sources-do-not-import-tests',
      severity: 'error',
      from: { path: '/src/', pathNot: '/(testing|suite)([./])' },
      to: { path: '/test/|^infra/[^/]+/src/suite|^connectors/sdk/src/testing' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that can not be resolved would slip past every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/|^services/console/test' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@unsilo/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
