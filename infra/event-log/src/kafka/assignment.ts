import { AssignerProtocol } from 'kafkajs';
import type { TopicPartition } from '../port.js';
import { placeKey } from './connection.js';

/**
 * How the members of a group share partitions: cooperatively. Each tells what it holds; a partition that is to change hands is given
 * to nobody at first, so that its holder ends its work and lets go, and to its new reader in the round that follows. What stays where
 * it is, is read on throughout. (The idea of Kafka's incremental rebalancing, KIP-429.)
 */
export const PROTOCOL = 'unsilo-cooperative';
const VERSION = 0;

/** What a member says of itself when it joins. */
export interface Claim {
  topics: readonly string[];
  /** The generation that gave it what it holds; -1 when it holds nothing. */
  generation: number;
  owned: readonly TopicPartition[];
}

export interface Share {
  places: TopicPartition[];
  /** More will follow as soon as others have let go of it. */
  more: boolean;
}

type ByTopic = Record<string, number[]>;

export function encodeClaim({ topics, generation, owned }: Claim): Buffer {
  return AssignerProtocol.MemberMetadata.encode({
    version: VERSION,
    topics: [...topics],
    userData: Buffer.from(JSON.stringify({ generation, owned: byTopic(owned) })),
  });
}

/** A claim that can't be read is that of somebody who holds nothing. */
function decodeClaim(metadata: Buffer): Claim {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata);
  const topics = decoded?.topics ?? [];
  try {
    const { generation, owned } = JSON.parse(decoded!.userData.toString('utf8')) as {
      generation: number;
      owned: ByTopic;
    };
    return { topics, generation, owned: placesOf(owned) };
  } catch {
    return { topics, generation: -1, owned: [] };
  }
}

function encodeShare({ places, more }: Share): Buffer {
  return AssignerProtocol.MemberAssignment.encode({
    version: VERSION,
    assignment: byTopic(places),
    userData: Buffer.from(JSON.stringify({ more })),
  });
}

export function decodeShare(bytes: Buffer): Share {
  if (bytes.length === 0) return { places: [], more: false };
  const { assignment, userData } = AssignerProtocol.MemberAssignment.decode(bytes)!;
  let more = false;
  try {
    more = (JSON.parse(userData.toString('utf8')) as { more?: boolean }).more === true;
  } catch {
    // Written by somebody who has nothing to add.
  }
  return { places: placesOf(assignment), more };
}

/** What the leader of a group decides; `counts` are the partitions of each topic. */
export function decide(
  members: readonly { memberId: string; memberMetadata: Buffer }[],
  counts: ReadonlyMap<string, number>,
): { memberId: string; memberAssignment: Buffer }[] {
  const claims = new Map(members.map(({ memberId, memberMetadata }) => [memberId, decodeClaim(memberMetadata)]));
  const shares = share(claims, counts);
  return [...shares].map(([memberId, given]) => ({ memberId, memberAssignment: encodeShare(given) }));
}

/** All topics that any of the members reads. */
export function topicsOf(members: readonly { memberMetadata: Buffer }[]): string[] {
  return [...new Set(members.flatMap(({ memberMetadata }) => decodeClaim(memberMetadata).topics))].sort();
}

/**
 * Partitions of the same number go together over all topics that have the same readers (keys that they have in common are then in one
 * hand). Everybody keeps what he has, up to a fair share; what is left goes to those who have least.
 */
export function share(claims: ReadonlyMap<string, Claim>, counts: ReadonlyMap<string, number>): Map<string, Share> {
  const members = [...claims.keys()].sort();
  const holders = holdersOf(claims);
  const shares = new Map<string, Share>(members.map((member) => [member, { places: [], more: false }]));
  for (const { readers, topics } of alike(members, claims)) {
    const width = Math.max(0, ...topics.map((topic) => counts.get(topic) ?? 0));
    const columns = Array.from({ length: width }, (_, partition) =>
      topics.filter((topic) => partition < (counts.get(topic) ?? 0)).map((topic) => ({ topic, partition })),
    );
    const owners = deal(columns, readers, holders, shares);
    for (const [index, column] of columns.entries()) {
      const given = shares.get(owners[index]!)!;
      for (const place of column) {
        const holder = holders.get(placeKey(place));
        if (holder === undefined || holder === owners[index]) given.places.push(place);
        else given.more = true;
      }
    }
  }
  return shares;
}

/** Who holds what: of two who say so the one whose word is newer. */
function holdersOf(claims: ReadonlyMap<string, Claim>): Map<string, string> {
  const holders = new Map<string, { member: string; generation: number }>();
  for (const [member, { generation, owned }] of claims) {
    for (const place of owned) {
      const other = holders.get(placeKey(place));
      if (other === undefined || generation > other.generation) holders.set(placeKey(place), { member, generation });
    }
  }
  return new Map([...holders].map(([place, { member }]) => [place, member]));
}

function alike(
  members: readonly string[],
  claims: ReadonlyMap<string, Claim>,
): { readers: string[]; topics: string[] }[] {
  const groups = new Map<string, { readers: string[]; topics: string[] }>();
  for (const topic of [...new Set([...claims.values()].flatMap(({ topics }) => topics))].sort()) {
    const readers = members.filter((member) => claims.get(member)!.topics.includes(topic));
    const key = JSON.stringify(readers);
    const group = groups.get(key) ?? { readers, topics: [] };
    group.topics.push(topic);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** For each column its reader. */
function deal(
  columns: readonly TopicPartition[][],
  readers: readonly string[],
  holders: ReadonlyMap<string, string>,
  shares: ReadonlyMap<string, Share>,
): string[] {
  const holderOf = columns.map((column) => mostFrequent(column.flatMap((place) => holders.get(placeKey(place)) ?? [])));
  const held = new Map(readers.map((reader) => [reader, 0]));
  for (const holder of holderOf) if (holder !== undefined && held.has(holder)) held.set(holder, held.get(holder)! + 1);
  const few = Math.floor(columns.length / readers.length);
  const extra = columns.length % readers.length;
  // Those who hold most keep one more where the columns don't come out even.
  const order = [...readers].sort(
    (a, b) => held.get(b)! - held.get(a)! || loadOf(shares, a) - loadOf(shares, b) || (a < b ? -1 : 1),
  );
  const room = new Map(order.map((reader, rank) => [reader, few + (rank < extra ? 1 : 0)]));
  const owners = columns.map((_, index) => {
    const holder = holderOf[index];
    if (holder === undefined || (room.get(holder) ?? 0) === 0) return undefined;
    room.set(holder, room.get(holder)! - 1);
    return holder;
  });
  return owners.map((owner) => {
    if (owner !== undefined) return owner;
    const next = order.find((reader) => room.get(reader)! > 0)!;
    room.set(next, room.get(next)! - 1);
    return next;
  });
}

function loadOf(shares: ReadonlyMap<string, Share>, member: string): number {
  return shares.get(member)!.places.length;
}

function mostFrequent(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}

function byTopic(places: readonly TopicPartition[]): ByTopic {
  const topics: ByTopic = {};
  for (const { topic, partition } of places) (topics[topic] ??= []).push(partition);
  return topics;
}

function placesOf(topics: ByTopic): TopicPartition[] {
  return Object.entries(topics).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
}
