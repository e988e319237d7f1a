/** Record linkage: who is who among what several systems say. Pure: DESIGN section 5, items 3 to 6 and 10. */
export { DEFAULT_LINKAGE_MODEL } from './default-model.js';
export { readDate } from './dates.js';
export { isKind, kindOf, LEVELS, type ExtraMeaning, type Kind } from './kinds.js';
export { createLinkage, type Explanation, type Linkage } from './linkage.js';
export { modelProblems, type LinkageModel } from './model.js';
export type { LinkageRecord, Profile } from './profile.js';
export { quality, type Scores } from './quality.js';
export type { Label } from './labels.js';
export { trainModel, trainOnProfiles, type LabelReport, type ModelTraining } from './train-model.js';
