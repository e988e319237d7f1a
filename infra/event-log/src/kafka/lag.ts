import type { PartitionLag, Position, TopicPartition } from '../port.js';
import { StorageError } from '../errors.js';
import { placeKey, type KafkaConnection } from './connection.js';
import { firstFrom } from './reading.js';

/** What a group has committed, for the partitions asked for, or for all that it ever committed. */
export async function committedBy(
  connection: KafkaConnection,
  group: string,
  places: readonly TopicPartition[] | undefined,
): Promise<Position[]> {
  if (places?.length === 0) return [];
  const topics = new Map<string, { partition: number; offset: string }[]>();
  for (const { topic, partition } of places ?? []) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, offset: '0' });
    topics.set(topic, partitions);
  }
  return connection.persist(`ask for the positions of group ${group}`, async () => {
    const coordinator = await connection.coordinator(group);
    // No topic at all means every one.
    const { responses } = await coordinator.offsetFetch({
      groupId: group,
      topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    });
    return responses.flatMap(({ topic, partitions }) =>
      partitions.flatMap(({ partition, offset }) =>
        Number(offset) < 0 ? [] : [{ topic, partition, offset: Number(offset) }],
      ),
    );
  });
}

export async function groupLag(connection: KafkaConnection, group: string, now: number): Promise<PartitionLag[]> {
  const positions: Position[] = [];
  for (const position of await committedBy(connection, group, undefined)) {
    if (await exists(connection, position)) positions.push(position);
  }
  const ends = await connection.ends(positions);
  return Promise.all(
    positions.map(async ({ topic, partition, offset: committed }) => {
      const end = ends.get(placeKey({ topic, partition }))!;
      const oldest =
        committed < end.next ? await firstFrom(connection, { topic, partition }, end, committed) : undefined;
      return {
        topic,
        partition,
        committed,
        next: end.next,
        lag: Math.max(0, end.next - committed),
        lagMs: oldest === undefined ? 0 : Math.max(0, now - oldest.timestamp),
      };
    }),
  );
}

/** A group that the coordinator never heard of has none. */
export async function groupMembers(connection: KafkaConnection, group: string): Promise<number> {
  return connection.persist(`ask who is in group ${group}`, async () => {
    const coordinator = await connection.coordinator(group);
    const { groups } = await coordinator.describeGroups({ groupIds: [group] });
    return groups.reduce((total, { members }) => total + members.length, 0);
  });
}

/** A group may remember topics that were removed. */
async function exists(connection: KafkaConnection, place: TopicPartition): Promise<boolean> {
  try {
    await connection.checkPartition(place);
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.code.startsWith('UNSILO_LOG_UNKNOWN_')) return false;
    throw error;
  }
}
