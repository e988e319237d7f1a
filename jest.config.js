/** Sources run as they stand: swc strips the types, the condition `@unsilo/source` resolves our own packages to their sources. */
export default {
  testEnvironment: './scripts/jest/environment.cjs',
  testEnvironmentOptions: { customExportConditions: ['@unsilo/source', 'node', 'require', 'default'] },
  testMatch: ['<rootDir>/**/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: [],
  transform: {
    '^.+\\.(t|j|mj)s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // Packages that are published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(?:.*/node_modules/)?(@noble|@seriousme|any-ascii|cookie|typebox)/)'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', '^lmdb$': '<rootDir>/scripts/jest/lmdb.cjs' },
  testTimeout: 60000,
};
