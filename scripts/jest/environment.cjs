const { TestEnvironment } = require('jest-environment-node');

/**
 * lmdb keeps one native environment for a process, and its JavaScript works once a process only; jest loads modules anew for every file
 * of tests. So the one that was loaded outside is lent to them all (lmdb.cjs).
 */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    Object.defineProperty(this.global, Symbol.for('unsilo.lmdb'), { get: () => require('lmdb') });
  }

  /** Whoever has something to say about a failure (what a browser shows) says it before everything is cleared away. */
  async handleTestEvent({ name }) {
    if (name === 'test_fn_failure') await this.global[Symbol.for('unsilo.onFailure')]?.();
  }
};
