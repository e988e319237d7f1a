import type { TopicSpec } from '@unsilo/event-log';
import { declareTopics } from '@unsilo/schemas';
import type { Configuration } from '../configuration/configuration.js';

/**
 * What connectors remember, one topic a system: compacted, so that it can always be read back into a state that has lost it. Written by the
 * process that runs the system, read by nobody else.
 */
export function memoryTopic(system: string): string {
  return `unsilo.memory.${system}.v1`;
}

/** Under this name the state keeps how far it has taken in the topic. No member ever joins it. */
export function memoryGroup(system: string): string {
  return `unsilo-memory-${system}`;
}

/** Nothing is ever written here: whoever has its one partition in the group of a system runs that system. */
export const LEASES_TOPIC = 'unsilo.leases.v1';

export function leaseGroup(system: string): string {
  return `unsilo-connector-${system}-lease`;
}

export function connectorTopics(systems: readonly string[]): TopicSpec[] {
  return [
    { name: LEASES_TOPIC, partitions: 1, cleanup: 'delete', retentionMs: 86_400_000 },
    ...systems.map((system) => ({ name: memoryTopic(system), partitions: 1, cleanup: 'compact' as const })),
  ];
}

/** Who brings outboxes to the log; the log makes it by itself when it is first needed. */
const WRITERS: TopicSpec = { name: 'unsilo.writers.v1', partitions: 1, cleanup: 'compact' };

/** Every topic that an installation on servers needs. */
export function allTopics({ systems, storage }: Pick<Configuration, 'systems' | 'storage'>): TopicSpec[] {
  const names = systems.map(({ name }) => name);
  const partitions = storage?.kafka.partitions;
  return [...declareTopics(names, partitions === undefined ? {} : { partitions }), ...connectorTopics(names), WRITERS];
}
