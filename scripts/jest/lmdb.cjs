/** Stands for `lmdb` in tests; see environment.cjs. */
module.exports = globalThis[Symbol.for('unsilo.lmdb')];
