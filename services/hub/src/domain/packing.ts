import type { Version } from '@unsilo/schemas';
import {
  elementKey,
  elementValue,
  type Element,
  type FlatState,
  type ListAttribute,
  type Scalar,
} from './attributes.js';
import type { Normaliser } from './normalise.js';
import type { Register, Run, Testimony } from './testimony.js';
import { compareVersions } from './version.js';

/**
 * One register of a summary, written short, since every event reads and writes some of them: bits, the version since which its run stands, then,
 * as far as there is any: effective time of the testimony, whose statement an echo carries, whose echo the testimony replaced, and, where the
 * testimony isn't what stands, its version, value and form. What stands is not repeated: it is beside the register.
 */
type PackedRegister = readonly [bits: number, major: number, minor: number, ...rest: unknown[]];

const ECHO = 1;
const HELD = 2;
const HAD = 4;
const TESTIFIES = 8;
/** What stands is the testimony. */
const STANDS = 16;

function pack({ run, testimony, had }: Register): PackedRegister {
  const { since } = run;
  const head = (run.echo ? ECHO : 0) | (run.held ? HELD : 0) | (had ? HAD : 0);
  if (!testimony) return withoutTail([head, since.major, since.minor, null, run.from ?? null]);
  const { asOf, version, overEchoOf, value, raw } = testimony;
  const rest = [asOf, run.from ?? null, overEchoOf ?? null];
  if (standsFor(run, testimony)) return withoutTail([head | TESTIFIES | STANDS, since.major, since.minor, ...rest]);
  return withoutTail([
    head | TESTIFIES,
    since.major,
    since.minor,
    ...rest,
    version.major,
    version.minor,
    value ?? null,
    raw === value ? null : (raw ?? null),
  ]);
}

function standsFor(run: Run, { version, value, raw }: Testimony): boolean {
  return (
    compareVersions(version, run.since) === 0 &&
    value === run.value &&
    (raw === run.raw || JSON.stringify(raw) === JSON.stringify(run.raw))
  );
}

function withoutTail(packed: readonly [number, number, number, ...unknown[]]): PackedRegister {
  let length = packed.length;
  while (length > 3 && packed[length - 1] === null) length -= 1;
  return packed.slice(0, length) as unknown as PackedRegister;
}

function unpack(packed: PackedRegister, value: Scalar | undefined, raw: Scalar | Element | undefined): Register {
  const [bits, major, minor, asOf, from, overEchoOf, saidMajor, saidMinor, said, saidRaw] = packed as Unpacked;
  const since: Version = { major, minor };
  const run: Run = { value, raw, since, echo: (bits & ECHO) !== 0, held: (bits & HELD) !== 0 };
  if (typeof from === 'string') run.from = from;
  const register: Register = { run, had: (bits & HAD) !== 0 };
  if ((bits & TESTIFIES) === 0) return register;
  const stands = (bits & STANDS) !== 0;
  const testimony: Testimony = stands
    ? { value, raw, asOf: asOf ?? 0, version: since }
    : {
        value: said ?? undefined,
        raw: saidRaw ?? said ?? undefined,
        asOf: asOf ?? 0,
        version: { major: saidMajor ?? 0, minor: saidMinor ?? 0 },
      };
  if (typeof overEchoOf === 'string') testimony.overEchoOf = overEchoOf;
  register.testimony = testimony;
  return register;
}

type Unpacked = readonly [
  bits: number,
  major: number,
  minor: number,
  asOf?: number | null,
  from?: string | null,
  overEchoOf?: string | null,
  saidMajor?: number | null,
  saidMinor?: number | null,
  said?: Scalar | null,
  saidRaw?: Element | null,
];
const SAID_RAW = 9;

/** What stood at the horizon, taken apart, each value beside its register. Canonical keys are kept: finding them anew is slow. */
export interface PackedState {
  kind: 'person' | 'organization';
  scalars: [attribute: string, register: PackedRegister, value?: Scalar][];
  lists: [attribute: ListAttribute, elements: PackedElement[]][];
}
type PackedElement = [key: string, register: PackedRegister, element?: Element];

export interface State {
  flat: FlatState;
  scalars: Map<string, Register>;
  lists: Map<ListAttribute, Map<string, Register>>;
}

/** In one order for equal states: what stands in its own, then what is gone by name. */
export function packState({ flat, scalars, lists }: State): PackedState {
  const packed: PackedState = { kind: flat.kind, scalars: [], lists: [] };
  for (const attribute of [...scalars.keys()].sort()) {
    const register = scalars.get(attribute);
    const value = flat.scalars.get(attribute);
    if (register)
      packed.scalars.push(value === undefined ? [attribute, pack(register)] : [attribute, pack(register), value]);
  }
  for (const attribute of [...lists.keys()].sort()) {
    const registers = lists.get(attribute) ?? new Map<string, Register>();
    const standing = flat.lists.get(attribute) ?? new Map<string, Element>();
    const elements: PackedElement[] = [];
    for (const [key, element] of standing) {
      const register = registers.get(key);
      if (register) elements.push([key, pack(register), element]);
    }
    for (const key of [...registers.keys()].sort()) {
      const register = registers.get(key);
      if (register && !standing.has(key)) elements.push([key, pack(register)]);
    }
    if (elements.length > 0) packed.lists.push([attribute, elements]);
  }
  return packed;
}

/** The same state under the canonical keys of another normaliser. An element of which nothing but its key is known keeps that. */
export function withKeysOf(normaliser: Normaliser, packed: PackedState): PackedState {
  const lists = packed.lists.map(([attribute, elements]): PackedState['lists'][number] => {
    const keyed = new Map<string, PackedElement>();
    for (const [key, register, standing] of elements) {
      const element = standing ?? (register as Unpacked)[SAID_RAW];
      const now = element ? elementKey(attribute, element, normaliser) : key;
      // What stands comes first.
      if (!keyed.has(now)) keyed.set(now, standing ? [now, register, standing] : [now, register]);
    }
    return [attribute, [...keyed.values()]];
  });
  return { ...packed, lists };
}

export function unpackState(packed: PackedState): State {
  const flat: FlatState = { kind: packed.kind, scalars: new Map(), lists: new Map() };
  const state: State = { flat, scalars: new Map(), lists: new Map() };
  for (const [attribute, register, value] of packed.scalars) {
    if (value !== undefined) flat.scalars.set(attribute, value);
    state.scalars.set(attribute, unpack(register, value, value));
  }
  for (const [attribute, elements] of packed.lists) {
    const registers = new Map<string, Register>();
    const standing = new Map<string, Element>();
    for (const [key, register, element] of elements) {
      if (element !== undefined) standing.set(key, element);
      registers.set(
        key,
        unpack(register, element === undefined ? undefined : elementValue(attribute, element), element),
      );
    }
    if (standing.size > 0) flat.lists.set(attribute, standing);
    state.lists.set(attribute, registers);
  }
  return state;
}
