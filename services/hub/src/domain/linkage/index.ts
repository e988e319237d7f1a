/** Record linkage: who is who among what several systems say. Pure: DESIGN section 5, items 3 to 6 and 10. */
export { DEFAULT_LINKAGE_MODEL } from './default-model.js';
export { isKind, kindOf, LEVELS, type Kind } from './kinds.js';
export { createLinkage, type Explanation, type Linkage } from './linkage.js';
export { modelProblems, type LinkageModel } from './model.js';
export type { LinkageRecord } from './profile.js';
export { quality, type Scores } from './quality.js';
export { trainModel, type ModelTraining } from './train-model.js';
