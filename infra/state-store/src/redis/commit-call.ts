import { createHash } from 'node:crypto';
import { StorageError } from '@unsilo/event-log';
import { checkKeys, checkSize, checkText } from '../checks.js';
import type { Commit, CommitResult, Expectation, OutboxMessage } from '../port.js';
import { damaged } from './failures.js';
import type { KeyNames } from './names.js';

/** Redis takes about a million arguments, and 1 GiB in one command by default. */
const MOST_ARGUMENTS = 1_000_000;
const MOST_BYTES = 512 * 1024 * 1024;

/**
 * Checks a commit as far as that needs no state.
 * @returns the bytes of its values
 * @throws UNSILO_STATE_KEY_INVALID, _COMMIT_INVALID, _VALUE_INVALID, _VALUE_TOO_LARGE, _COMMIT_TOO_LARGE
 */
export function checkCommit(commit: Commit): void {
  checkKeys(commit);
  let bytes = 0;
  for (const { table, value } of commit.put ?? []) {
    checkText(table, value);
    const size = Buffer.byteLength(value);
    checkSize(table, size);
    bytes += size;
  }
  for (const { key, value } of commit.outbox ?? []) bytes += Buffer.byteLength(key) + Buffer.byteLength(value ?? '');
  const { expect = [], put = [], remove = [], outbox = [] } = commit;
  const fields = 3 * expect.length + 2 * put.length + remove.length + 5 * outbox.length;
  if (bytes <= MOST_BYTES && fields <= MOST_ARGUMENTS * 0.9) return;
  throw new StorageError(
    'UNSILO_STATE_COMMIT_TOO_LARGE',
    `A commit has ${put.length + remove.length} changes and ${outbox.length} messages of ${bytes} bytes; Redis does not take so much at once.`,
    { hint: 'Nothing of it was written. Make smaller batches.' },
  );
}

export function isEmpty({ expect = [], put = [], remove = [], offsets, outbox = [] }: Commit): boolean {
  return [expect, put, remove, offsets?.moves ?? [], outbox].every((part) => part.length === 0);
}

export interface CommitSurroundings {
  names: KeyNames;
  tenant: string;
  /** Of this store and no other: what marks its commits. */
  writer: string;
  /** Of this call. */
  call: string;
  /** Highest revision of the tenant that was ever seen. */
  highest: number;
  /** Calls whose answers have come. */
  forget: readonly string[];
  outboxLimit: number;
}

/** What commit-script.ts takes: the number of keys, the keys, the arguments. */
export function packCommit(commit: Commit, around: CommitSurroundings): string[] {
  const { names, tenant } = around;
  const tables = byTable(commit);
  const keys = [
    names.meta(tenant),
    names.calls(tenant),
    names.offsets(tenant, commit.offsets?.group ?? ''),
    names.outbox(tenant),
  ];
  for (const name of tables.keys()) keys.push(names.rows(tenant, name), names.order(tenant, name));

  const body: string[] = [];
  const moves = commit.offsets?.moves ?? [];
  body.push(String(moves.length));
  for (const { topic, partition, from, to } of moves)
    body.push(offsetField(topic, partition), from === undefined ? '' : String(from), String(to));
  packMessages(body, commit.outbox ?? []);
  body.push(String(tables.size));
  for (const [name, { expect, put, remove }] of tables) {
    body.push(name, String(expect.length / 3));
    for (const part of expect) body.push(part);
    body.push(String(put.length / 2));
    for (const part of put) body.push(part);
    body.push(String(remove.length));
    for (const part of remove) body.push(part);
  }
  const mark = moves.some(({ from, to }) => from !== to) ? markOf(around.writer, keys, body) : '';
  const head = [around.call, mark, String(around.highest), String(around.outboxLimit)];
  return [String(keys.length), ...keys, ...head, String(around.forget.length), ...around.forget].concat(body);
}

/**
 * What tells a commit that moves offsets from every other: its whole content and its writer. It is kept beside the offsets, so that the
 * writer who makes the same commit again, since no answer came, learns that it was carried out.
 */
function markOf(writer: string, keys: readonly string[], body: readonly string[]): string {
  return createHash('sha1')
    .update(`${writer} ${body.length} ${keys.join(' ')} `)
    .update(body.join('\u0001'))
    .digest('base64');
}

interface TableParts {
  /** Index within the commit, key, revision or nothing. */
  expect: string[];
  put: string[];
  remove: string[];
}

function byTable(commit: Commit): Map<string, TableParts> {
  const tables = new Map<string, TableParts>();
  const parts = (table: string): TableParts => {
    let found = tables.get(table);
    if (found === undefined) {
      found = { expect: [], put: [], remove: [] };
      tables.set(table, found);
    }
    return found;
  };
  for (const [index, { table, key, revision }] of (commit.expect ?? []).entries())
    parts(table).expect.push(String(index), key, revision === null ? '' : revisionText(revision));
  for (const { table, key, value } of commit.put ?? []) parts(table).put.push(key, value);
  for (const { table, key } of commit.remove ?? []) parts(table).remove.push(key);
  return tables;
}

function packMessages(body: string[], messages: readonly OutboxMessage[]): void {
  body.push(String(messages.length));
  for (const { topic, key, value, headers } of messages)
    body.push(topic, key, value === null ? '0' : '1', value ?? '', headers?.traceparent ?? '');
}

/** What the script answered: the result, and the highest revisions before and after. */
export interface CommitAnswer {
  result: CommitResult;
  before: number;
  after: number;
}

/** @throws UNSILO_STATE_DAMAGED, UNSILO_STATE_OUTBOX_FULL (nothing changed) */
export function readAnswer(answer: readonly unknown[], commit: Commit): CommitAnswer {
  switch (answer[0]) {
    case 'ok':
      return { result: { ok: true }, before: Number(answer[2]), after: Number(answer[1]) };
    case 'differs': {
      const [, last, conflicts, offsets] = answer as [string, string, (string | number)[], (string | number)[]];
      return {
        result: { ok: false, conflicts: readConflicts(conflicts, commit), offsets: readDiffering(offsets, commit) },
        before: Number(last),
        after: Number(last),
      };
    }
    case 'crowded':
      throw new StorageError(
        'UNSILO_STATE_OUTBOX_FULL',
        `${Number(answer[1])} messages wait for the log; no more are taken. Nothing of the commit was written.`,
        { hint: 'The log takes none, or too few: look at its health. The commit can be made again later.' },
      );
    default:
      throw damaged(`the number of entries in table ${String(answer[1])} is not what it was`);
  }
}

function readConflicts(flat: readonly (string | number)[], commit: Commit): Expectation[] {
  const found: [index: number, revision: number | null][] = [];
  for (let at = 0; at < flat.length; at += 2)
    found.push([Number(flat[at]), flat[at + 1] === '' ? null : Number(flat[at + 1])]);
  found.sort(([a], [b]) => a - b);
  return found.map(([index, revision]) => {
    const { table, key } = commit.expect![index]!;
    return { table, key, revision };
  });
}

function readDiffering(
  flat: readonly (string | number)[],
  commit: Commit,
): { topic: string; partition: number; stored: number | undefined }[] {
  const found: { topic: string; partition: number; stored: number | undefined }[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const { topic, partition } = commit.offsets!.moves[Number(flat[at]) - 1]!;
    found.push({ topic, partition, stored: flat[at + 1] === '' ? undefined : Number(flat[at + 1]) });
  }
  return found;
}

export function offsetField(topic: string, partition: number): string {
  return `${partition}/${topic}`;
}

/** Topic, partition and offset of a field of a group's hash. */
export function readOffset(field: string, value: string): { topic: string; partition: number; offset: number } {
  const slash = field.indexOf('/');
  return {
    topic: field.slice(slash + 1),
    partition: Number(field.slice(0, slash)),
    offset: Number(value.split(' ', 1)[0]),
  };
}

/** Revisions are kept with 16 digits; what the caller expects may be any number. */
function revisionText(revision: number): string {
  return String(revision).padStart(16, '0');
}
