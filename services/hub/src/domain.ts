/** The pure core: see DESIGN section 5. No clock, no randomness, no I/O. */
export * from './domain/attributes.js';
export * from './domain/compaction.js';
export * from './domain/creation.js';
export * from './domain/facts.js';
export { DEFAULT_LINKAGE_MODEL } from './domain/linkage/default-model.js';
export { modelProblems, type LinkageModel } from './domain/linkage/model.js';
export * from './domain/normalise.js';
export * from './domain/plan.js';
export * from './domain/policy.js';
export * from './domain/projection.js';
export * from './domain/ref.js';
export * from './domain/rewriting.js';
export * from './domain/rules.js';
export * from './domain/survivorship.js';
export * from './domain/testimony.js';
export * from './domain/version.js';
