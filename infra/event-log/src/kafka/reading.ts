import type { LogMessage, ReadOptions, ReadPage, TopicPartition } from '../port.js';
import { placeKey, type Ends, type KafkaConnection } from './connection.js';
import { typeOf } from './failures.js';
import { fetchFrom } from './fetching.js';

const DEFAULT_PAGE = 100;
const PAGE_BYTES = 256 * 1024;

/** One page of a partition, read from its leader without any group. */
export async function readPage(connection: KafkaConnection, options: ReadOptions): Promise<ReadPage> {
  const { topic, partition, from, limit = DEFAULT_PAGE, reverse = false, until } = options;
  const place = { topic, partition };
  await connection.checkPartition(place);
  const ends = (await connection.ends([place])).get(placeKey(place))!;
  // One more than asked for tells whether there is a next page.
  const messages = reverse
    ? await backward(connection, place, ends, { from, until: until ?? 0, limit: limit + 1 })
    : await forward(connection, place, ends, { from, until: Math.min(until ?? Infinity, ends.next), limit: limit + 1 });
  if (messages.length <= limit) return { messages };
  messages.length = limit;
  return { messages, next: messages.at(-1)!.offset + (reverse ? -1 : 1) };
}

/** The oldest message of a partition from an offset on, for lag. */
export async function firstFrom(
  connection: KafkaConnection,
  place: TopicPartition,
  ends: Ends,
  from: number,
): Promise<LogMessage | undefined> {
  return (await forward(connection, place, ends, { from, until: ends.next, limit: 1 }))[0];
}

interface Range {
  from: number;
  until: number;
  limit: number;
}

/** Messages with `from <= offset < until`. */
async function forward(
  connection: KafkaConnection,
  place: TopicPartition,
  ends: Ends,
  { from, until, limit }: Range,
): Promise<LogMessage[]> {
  const messages: LogMessage[] = [];
  let offset = Math.max(from, ends.first);
  while (offset < until && messages.length < limit) {
    const fetched = await connection.persist(`read ${placeKey(place)}`, async () => {
      const node = connection.leader(place);
      if (node === undefined) throw new Error(`${placeKey(place)} has no leader`);
      const wanted = [{ ...place, offset, maxBytes: PAGE_BYTES }];
      try {
        return (await fetchFrom(await connection.broker(node), wanted, { maxWaitMs: 0, maxBytes: PAGE_BYTES }))[0];
      } catch (error) {
        // Retention has removed what stood here meanwhile.
        if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') return undefined;
        throw error;
      }
    });
    if (fetched === undefined) {
      const { first } = (await connection.ends([place])).get(placeKey(place))!;
      if (first <= offset) break;
      offset = first;
      continue;
    }
    for (const message of fetched.messages) {
      if (message.offset >= until || messages.length === limit) return messages;
      messages.push(message);
    }
    if (fetched.next <= offset) break;
    offset = fetched.next;
  }
  return messages;
}

/** Messages with `until <= offset <= from`, the last first: reads ever longer stretches from the end, since there may be gaps. */
async function backward(
  connection: KafkaConnection,
  place: TopicPartition,
  ends: Ends,
  { from, until, limit }: Range,
): Promise<LogMessage[]> {
  const floor = Math.max(until, ends.first);
  const messages: LogMessage[] = [];
  let above = Math.min(from + 1, ends.next);
  for (let span = limit; above > floor && messages.length < limit; span *= 2) {
    const below = Math.max(floor, above - span);
    const stretch = await forward(connection, place, ends, { from: below, until: above, limit: Infinity });
    messages.push(...stretch.reverse());
    above = below;
  }
  if (messages.length > limit) messages.length = limit;
  return messages;
}
