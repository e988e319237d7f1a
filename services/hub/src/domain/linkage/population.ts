import { clusterComponent, type LocalEdge } from './clustering.js';
import { floors, isContradiction, isGenericValue, isRetired, LARGEST_COMPONENT } from './crowds.js';
import { blockingKeys, isRich, proposes, sharedValue, sharedValues } from './keys.js';
import { toWeight, type Matcher, type Prepared } from './matcher.js';
import { nameSign, type Profile } from './profile.js';
import { compareText } from './text.js';

interface Member {
  ref: string;
  prepared: Prepared;
  keys: number[];
  isRich: boolean;
  /** Weights of the pairs at or above the threshold that share a live key. */
  edges: Map<Member, number>;
  /** Weights that only the guard asked for. */
  asked: Map<Member, number>;
  component: readonly Member[];
  cluster: readonly Member[];
  sign: string;
  /** Where it stands in the component that is being clustered. */
  place: number;
  /** Last walk that met it. */
  mark: number;
}

/** Who stands with a value that many may share, and how often under each name; those without one say nothing of how many names there are. */
interface Sharing {
  holders: Set<Member>;
  signs: Map<string, number>;
}

export interface PopulationReport {
  records: number;
  comparisons: number;
  /** Keys that more records share than the model allows, and the records in the largest. */
  retiredKeys: number;
  largestKey: number;
  /** Records all of whose keys are retired: nothing can be found for them. */
  unreachable: number;
  /** Values that stand with too many names. */
  genericValues: number;
  clusters: number;
  largestCluster: number;
}

export type Word = 'link' | 'made' | 'apart';

/**
 * All parties of one kind, and who of them is who. What it answers is a function of the set of profiles, decisions and the model: in which
 * order they came, and what was there in between, leaves no trace. Work is done for what changed, when `settle` is called.
 */
export interface Population {
  upsert(profile: Profile): void;
  remove(ref: string): void;
  /** A steward's word, or that one record was made for the other: the last one about a pair counts; `undefined` takes it back. */
  decide(a: string, b: string, word: Word | undefined): void;
  settle(): void;
  /** Refs of the customer that a record belongs to, in order. Of a settled population. */
  clusterOf(ref: string): readonly string[];
  /** All clusters, each in order, by their first ref. Of a settled population. */
  clusters(): string[][];
  /** Pairs of records at or above the threshold, with their weights. */
  pairs(): Iterable<readonly [a: Prepared, b: Prepared, weight: number]>;
  /** Do the two share a key that proposes candidates? */
  isProposed(a: string, b: string): boolean;
  get(ref: string): Prepared | undefined;
  isGeneric(attribute: string, value: string): boolean;
  report(): PopulationReport;
}

export function createPopulation(matcher: Matcher): Population {
  const { part } = matcher;
  const threshold = toWeight(part.threshold);
  const members = new Map<string, Member>();
  const postings = new Map<number, Member[]>();
  const sharing = new Map<string, Sharing>();
  const words = new Map<string, Map<string, Word>>();
  const touched = new Set<Member>();
  const stale = new Set<Member>();
  let mark = 0;
  let comparisons = 0;

  const isGenericKey = (key: string): boolean => {
    const entry = sharing.get(key);
    return entry !== undefined && isGenericValue(part, entry.holders.size, entry.signs.size);
  };
  const isGeneric = (attribute: string, value: string): boolean => isGenericKey(sharedValue(attribute, value));
  const touch = (member: Member): void => {
    touched.add(member);
    for (const other of member.component) touched.add(other);
  };

  const setEdge = (a: Member, b: Member): void => {
    comparisons += 1;
    const weight = matcher.weightFrom(threshold, a.prepared, b.prepared);
    if (weight === undefined) return;
    a.edges.set(b, weight);
    b.edges.set(a, weight);
    touched.add(a);
    touched.add(b);
  };
  const dropEdge = (a: Member, b: Member): void => {
    a.edges.delete(b);
    b.edges.delete(a);
    touch(a);
    touch(b);
  };
  const sharesLiveKey = (a: Member, b: Member): boolean => {
    return a.keys.some(
      (key) =>
        b.keys.includes(key) && proposes(key, a.isRich, b.isRich) && !isRetired(part, postings.get(key)?.length ?? 0),
    );
  };
  const propose = (member: Member): void => {
    mark += 1;
    member.mark = mark;
    for (const key of member.keys) {
      const posting = postings.get(key);
      if (posting === undefined || isRetired(part, posting.length)) continue;
      const isLoose = !proposes(key, member.isRich, true);
      for (const other of posting) {
        if (other.mark === mark || (isLoose && other.isRich)) continue;
        other.mark = mark;
        setEdge(member, other);
      }
    }
  };
  /** The key has just passed its limit: who shared nothing else is a candidate no longer. */
  const retire = (posting: readonly Member[]): void => {
    for (const [i, a] of posting.entries())
      for (const b of posting.slice(i + 1)) if (a.edges.has(b) && !sharesLiveKey(a, b)) dropEdge(a, b);
  };
  const revive = (key: number, posting: readonly Member[]): void => {
    for (const [i, a] of posting.entries())
      for (const b of posting.slice(i + 1)) if (!a.edges.has(b) && proposes(key, a.isRich, b.isRich)) setEdge(a, b);
  };

  const fileKeys = (member: Member): void => {
    for (const key of member.keys) {
      const posting = postings.get(key);
      if (posting === undefined) postings.set(key, [member]);
      else {
        posting.push(member);
        if (posting.length === part.keyLimit + 1) retire(posting);
      }
    }
  };
  const unfileKeys = (member: Member): void => {
    for (const key of member.keys) {
      const posting = postings.get(key);
      if (posting === undefined) continue;
      const last = posting.pop();
      const at = last === member ? -1 : posting.indexOf(member);
      if (at >= 0 && last !== undefined) posting[at] = last;
      if (posting.length === 0) postings.delete(key);
      else if (posting.length === part.keyLimit) revive(key, posting);
    }
  };
  const countHolder = (member: Member, step: 1 | -1): void => {
    for (const key of sharedValues(member.prepared.profile)) {
      let entry = sharing.get(key);
      if (entry === undefined) {
        entry = { holders: new Set(), signs: new Map() };
        sharing.set(key, entry);
      }
      const before = isGenericKey(key);
      const count = (entry.signs.get(member.sign) ?? 0) + step;
      if (count > 0 && member.sign !== '') entry.signs.set(member.sign, count);
      else entry.signs.delete(member.sign);
      if (step > 0) entry.holders.add(member);
      else entry.holders.delete(member);
      if (before !== isGenericKey(key)) for (const holder of entry.holders) stale.add(holder);
      if (entry.holders.size === 0) sharing.delete(key);
    }
  };
  const dropEdges = (member: Member): void => {
    touch(member);
    for (const other of member.edges.keys()) {
      other.edges.delete(member);
      touch(other);
    }
    member.edges.clear();
    for (const other of member.asked.keys()) other.asked.delete(member);
    member.asked.clear();
  };
  /** Values that became generic, or ceased to be, change what their holders say. */
  const refresh = (): void => {
    for (const member of stale) {
      if (members.get(member.ref) !== member) continue;
      dropEdges(member);
      member.prepared = matcher.prepare(member.prepared.profile, isGeneric);
    }
    for (const member of stale) if (members.get(member.ref) === member) propose(member);
    stale.clear();
  };

  const remove = (ref: string): void => {
    const member = members.get(ref);
    if (member === undefined) return;
    dropEdges(member);
    members.delete(ref);
    unfileKeys(member);
    countHolder(member, -1);
    touched.delete(member);
  };

  const linked = (member: Member): Member[] => {
    const found: Member[] = [];
    for (const [ref, word] of words.get(member.ref) ?? []) {
      const other = word === 'apart' ? undefined : members.get(ref);
      if (other) found.push(other);
    }
    return found;
  };
  /** Breadth first along edges at or above the floor, and along links. Undefined: more than the limit. */
  const walk = (start: Member, floor: number, limit: number): Member[] | undefined => {
    mark += 1;
    start.mark = mark;
    const found = [start];
    for (let i = 0; i < found.length; i += 1) {
      const member = found[i];
      if (member === undefined) break;
      if (found.length > limit) return undefined;
      for (const [other, weight] of member.edges) {
        if (weight < floor || other.mark === mark) continue;
        other.mark = mark;
        found.push(other);
      }
      if (words.size > 0)
        for (const other of linked(member)) {
          if (other.mark === mark) continue;
          other.mark = mark;
          found.push(other);
        }
    }
    return found.length > limit ? undefined : found;
  };
  /** The component at the lowest floor at which it has at most `LARGEST_COMPONENT` members. */
  const componentOf = (start: Member): { component: Member[]; floor: number } => {
    for (const floor of floors(part)) {
      const component = walk(start, floor, floor === Infinity ? Infinity : LARGEST_COMPONENT);
      if (component !== undefined) return { component, floor };
    }
    return { component: [start], floor: Infinity };
  };
  const weightOf = (a: Member, b: Member): number => {
    let weight = a.edges.get(b) ?? a.asked.get(b);
    if (weight === undefined) {
      weight = matcher.weight(a.prepared, b.prepared);
      comparisons += 1;
      a.asked.set(b, weight);
      b.asked.set(a, weight);
    }
    return weight;
  };
  const clusterAll = (component: Member[], floor: number): void => {
    if (component.length === 1) {
      const [only] = component;
      if (only) {
        only.component = component;
        only.cluster = component;
      }
      return;
    }
    component.sort((a, b) => compareText(a.ref, b.ref));
    for (const [i, member] of component.entries()) member.place = i;
    const edges: LocalEdge[] = [];
    for (const [a, member] of component.entries()) {
      for (const [other, weight] of member.edges) {
        const b = other.place;
        if (a < b && weight >= floor && component[b] === other) edges.push({ a, b, weight });
      }
      if (words.size > 0)
        for (const other of linked(member)) {
          const b = other.place;
          if (a >= b || component[b] !== other) continue;
          edges.push({ a, b, weight: 0, authority: words.get(member.ref)?.get(other.ref) === 'made' ? 1 : 2 });
        }
    }
    const at = (i: number): Member => component[i] as Member;
    const clusters = clusterComponent(component.length, edges, {
      weightOf: (a, b) => weightOf(at(a), at(b)),
      isSilent: (a) => at(a).prepared.isSilent,
      isApart: words.size > 0 ? (a, b) => words.get(at(a).ref)?.get(at(b).ref) === 'apart' : undefined,
      isContradiction:
        part.exclusive.length > 0
          ? (a, b) => isContradiction(at(a).prepared.profile, at(b).prepared.profile, part)
          : undefined,
      guard: part.guard,
    });
    for (const places of clusters) {
      const cluster = places.map(at);
      for (const member of cluster) {
        member.component = component;
        member.cluster = cluster;
      }
    }
  };

  const settle = (): void => {
    refresh();
    const done = new Set<Member>();
    for (const start of touched) {
      if (done.has(start) || members.get(start.ref) !== start) continue;
      const { component, floor } = componentOf(start);
      // Members of the components that it takes from: what falls apart must be found on both sides.
      for (const member of component) {
        done.add(member);
        for (const other of member.component) if (!done.has(other)) touched.add(other);
      }
      clusterAll(component, floor);
    }
    touched.clear();
  };

  return {
    upsert(profile) {
      remove(profile.ref);
      const member: Member = {
        ref: profile.ref,
        prepared: matcher.prepare(profile, isGeneric),
        keys: blockingKeys(profile),
        isRich: isRich(profile),
        edges: new Map(),
        asked: new Map(),
        component: [],
        cluster: [],
        sign: nameSign(profile),
        place: 0,
        mark: 0,
      };
      members.set(profile.ref, member);
      touched.add(member);
      countHolder(member, 1);
      if (stale.size > 0) member.prepared = matcher.prepare(profile, isGeneric);
      fileKeys(member);
      propose(member);
    },
    remove,
    decide(a, b, word) {
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const known = words.get(one) ?? new Map<string, Word>();
        if (word === undefined) known.delete(other);
        else known.set(other, word);
        if (known.size > 0) words.set(one, known);
        else words.delete(one);
        const member = members.get(one);
        if (member) touch(member);
      }
    },
    settle,
    clusterOf: (ref) => members.get(ref)?.cluster.map((member) => member.ref) ?? [],
    clusters() {
      const all: string[][] = [];
      for (const member of members.values())
        if (member.cluster[0] === member) all.push(member.cluster.map(({ ref }) => ref));
      return all.sort(([a = ''], [b = '']) => compareText(a, b));
    },
    *pairs() {
      for (const member of members.values())
        for (const [other, weight] of member.edges)
          if (member.ref < other.ref) yield [member.prepared, other.prepared, weight] as const;
    },
    isProposed(a, b) {
      const [x, y] = [members.get(a), members.get(b)];
      return x !== undefined && y !== undefined && sharesLiveKey(x, y);
    },
    get: (ref) => members.get(ref)?.prepared,
    isGeneric,
    report() {
      const lengths = [...postings.values()].map((posting) => posting.length);
      const clusters = new Set([...members.values()].map((member) => member.cluster));
      let [largestCluster, largestKey, unreachable] = [0, 0, 0];
      for (const cluster of clusters) largestCluster = Math.max(largestCluster, cluster.length);
      for (const length of lengths) largestKey = Math.max(largestKey, length);
      for (const { keys } of members.values())
        if (keys.every((key) => isRetired(part, postings.get(key)?.length ?? 0))) unreachable += 1;
      return {
        records: members.size,
        comparisons,
        retiredKeys: lengths.filter((length) => isRetired(part, length)).length,
        largestKey,
        unreachable,
        genericValues: [...sharing.keys()].filter(isGenericKey).length,
        clusters: clusters.size,
        largestCluster,
      };
    },
  };
}
