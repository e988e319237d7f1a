export {
  lastCheckpoint,
  readItems,
  testContext,
  type LogLine,
  type TestContext,
  type TestContextOptions,
} from './testing/context.js';
export {
  startFakeServer,
  type FakeAnswer,
  type FakeHandler,
  type FakeRequest,
  type FakeServer,
  type Fault,
} from './testing/fake-server.js';
export { fixtureCases, type FixtureCase } from './testing/fixtures.js';
export { turn, virtualClock, type VirtualClock } from './testing/virtual-clock.js';
export { memoryLog, type LogContent, type MemoryLog } from './testing/memory-log.js';
export { memoryStorage } from './testing/memory-storage.js';
export { emptyDurable, testRun, until, type Durable, type TestRun, type TestRunOptions } from './testing/run.js';
export { connectorConformance } from './testing/conformance/suite.js';
export type { ConformanceSubject, ConformanceWorld, Deed, Deeds } from './testing/conformance/world.js';
export { crashAt, type Crash } from './testing/crashes.js';
export { hostileTexts } from './testing/hostile.js';
