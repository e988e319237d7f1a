import type { EventLog } from '@unsilo/event-log';
import { declareTopics, systemsOfTopics, topicName } from '@unsilo/schemas';

/**
 * The systems that the hub was ever told to write, by the topics of their commands. One that was taken out of the configuration has left records and
 * outcomes: without the commands our own writes there would pass for what its people said (SYNC 6.3).
 */
export async function systemsOnLog(log: EventLog): Promise<string[]> {
  return systemsOfTopics(await log.topics());
}

/** The topics that the hub's workers read. @param systems All that have commands on the log. */
export function consumedTopics(systems: readonly string[]): string[] {
  const kinds = ['parties', 'objects', 'interactions', 'outcomes', 'decisions', 'signals'] as const;
  return [...kinds.map((kind) => topicName(kind)), ...systems.map((system) => topicName('commands', system))];
}

/** The topics that say what the hub computed: nothing may come there any more that rests on a state which was lost. */
export function writtenTopics(systems: readonly string[]): string[] {
  return [topicName('customers'), topicName('records'), ...systems.map((system) => topicName('commands', system))];
}

/**
 * Makes sure that a log has every topic that a hub with these systems needs. Several partitions serve several workers: a log that only one
 * process can use gets one partition a topic. A data folder that was made with several keeps them.
 */
export async function declareHubTopics(log: EventLog, systems: readonly string[], partitions?: number): Promise<void> {
  if (log.capabilities.distributed)
    return log.declare(declareTopics(systems, partitions === undefined ? {} : { partitions }));
  try {
    await log.declare(declareTopics(systems, { partitions: 1 }));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'UNSILO_LOG_TOPIC_MISMATCH') throw error;
    await log.declare(declareTopics(systems));
  }
}
