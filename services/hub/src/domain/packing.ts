import type { Version } from '@unsilo/schemas';
import { elementValue, type Element, type FlatState, type ListAttribute, type Scalar } from './attributes.js';
import type { Register, Run, Testimony } from './testimony.js';
import { compareVersions } from './version.js';

/**
 * One register of a summary, written short, since every event reads and writes some of them: bits, the version since which its run stands, then,
 * as far as there is any: effective time of the testimony, whose statement an echo carries, whose echo the testimony replaced, and, where the
 * testimony isn't what stands, its version, value and form. What stands is not repeated: the summary's shadow has it.
 */
export type PackedRegister = readonly [bits: number, major: number, minor: number, ...rest: unknown[]];

const ECHO = 1;
const HELD = 2;
const HAD = 4;
const TESTIFIES = 8;
/** What stands is the testimony. */
const STANDS = 16;

export function pack({ run, testimony, had }: Register): PackedRegister {
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

/** @param shadow What stands, taken apart. */
export function unpackScalar(packed: PackedRegister, attribute: string, shadow: FlatState): Register {
  const value = shadow.scalars.get(attribute);
  return unpack(packed, value, value);
}

/** @param shadow What stands, taken apart. */
export function unpackElement(
  packed: PackedRegister,
  attribute: ListAttribute,
  key: string,
  shadow: FlatState,
): Register {
  const element = shadow.lists.get(attribute)?.get(key);
  return unpack(packed, element === undefined ? undefined : elementValue(attribute, element), element);
}
