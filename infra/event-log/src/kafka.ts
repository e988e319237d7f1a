export { openKafkaEventLog } from './kafka/event-log.js';
export type { Compression, KafkaOptions, KafkaSasl, KafkaTls } from './kafka/options.js';
export { applyTopics, planTopics, type TopicPlan } from './kafka/topics.js';
