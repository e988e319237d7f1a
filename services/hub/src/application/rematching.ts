import { createHash } from 'node:crypto';
import type { StateStore } from '@unsilo/state-store';
import { createProfile } from '../domain/linkage/profile.js';
import { linkageRecord, printOfRecord } from '../domain/matching.js';
import type { Core } from './core.js';
import { weighAnew, type Statement } from './evidence.js';
import { recordRow } from './record-row.js';
import { evaluateFacts } from './evaluations.js';
import type { RecordRow } from './rows.js';
import { Workspace, type Table } from './workspace.js';

/** Raised with every change of what keys, profiles or their rows look like. */
const MATCHING_FORMAT = 3;

/** All that is a function of the records and the model. */
const MATCHING_TABLES = [
  'matching',
  'postings',
  'shared',
  'overflow',
  'components',
  'review',
] as const satisfies readonly Table[];

/** Rows in one commit. */
const SLICE = 200;
const REMOVED = 2000;
/** Somebody who has said nothing for so long is no longer at it, milliseconds. */
const SILENCE_MS = 60_000;
const LOOK_MS = 1000;

/** Row of `progress`: the print of policy, model and systems with which all customers were computed. */
export const COMPUTED_WITH = 'computed-with';
/** No print looks like it: all customers are to be computed again. */
const TO_BE_COMPUTED = 'before matching anew';

const MARK = 'matched-with';
const TURN = 'matching-anew';

/** What keys and edges are a function of besides the records. */
function markOf({ model, policy: { country, kinds } }: Core): string {
  return createHash('sha256')
    .update(JSON.stringify([MATCHING_FORMAT, model, country ?? null, ...(kinds === undefined ? [] : [kinds])]))
    .digest('base64url');
}

/**
 * Finds keys and edges of all records anew where they were found under another model. Customers stay as they are: they are found again
 * afterwards, so that nobody sees them fall apart in between. One worker does it, the others wait.
 * @returns Whether anything was found anew.
 */
export async function matchAnewIfModelChanged(store: StateStore, core: Core): Promise<boolean> {
  const { tenant } = core;
  const mark = JSON.stringify(markOf(core));
  const owner = `${core.now()}-${Math.random()}`;
  for (;;) {
    const [known, turn] = await store.getMany(tenant, 'progress', [MARK, TURN]);
    if (known?.value === mark) return false;
    if ((await store.range(tenant, 'records', { limit: 1 })).length === 0) {
      await store.commit(tenant, { put: [{ table: 'progress', key: MARK, value: mark }] });
      return false;
    }
    const { at = -Infinity } = JSON.parse(turn?.value ?? '{}') as { at?: number };
    if (!store.exclusive && Math.abs(core.now() - at) < SILENCE_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      continue;
    }
    if (await matchAnew(new Turn(store, core, owner, turn?.revision ?? null), core, mark)) return true;
  }
}

/** A commit is made only while it is this worker's turn. */
class Turn {
  readonly store: StateStore;
  private readonly core: Core;
  private readonly owner: string;
  private revision: number | null;

  constructor(store: StateStore, core: Core, owner: string, revision: number | null) {
    this.store = store;
    this.core = core;
    this.owner = owner;
    this.revision = revision;
  }

  /** False: it is another one's turn, or what the changes rest on has changed (`again`). */
  async commit(changes: Partial<ReturnType<Workspace['changes']>>): Promise<'done' | 'again' | 'lost'> {
    const { tenant } = this.core;
    const said = JSON.stringify({ owner: this.owner, at: this.core.now() });
    const result = await this.store.commit(tenant, {
      ...changes,
      expect: [...(changes.expect ?? []), { table: 'progress', key: TURN, revision: this.revision }],
      put: [...(changes.put ?? []), { table: 'progress', key: TURN, value: said }],
    });
    if (!result.ok) {
      const [row] = await this.store.getMany(tenant, 'progress', [TURN]);
      return (row?.revision ?? null) === this.revision ? 'again' : 'lost';
    }
    const [row] = await this.store.getMany(tenant, 'progress', [TURN]);
    if (row?.value !== said) return 'lost';
    this.revision = row.revision;
    return 'done';
  }
}

/** @returns false when another worker took over */
async function matchAnew(turn: Turn, core: Core, mark: string): Promise<boolean> {
  if ((await turn.commit({})) !== 'done') return false;
  for (const table of MATCHING_TABLES) if (!(await empty(turn, core.tenant, table))) return false;
  let from: string | undefined;
  for (;;) {
    const entries = await turn.store.range(core.tenant, 'records', {
      ...(from === undefined ? {} : { from }),
      limit: SLICE,
    });
    if (entries.length === 0) break;
    const refs = entries.map((entry) => entry.key);
    let outcome: 'done' | 'again' | 'lost';
    do {
      const workspace = await weighed(turn.store, core, refs);
      outcome = await turn.commit(workspace.changes());
    } while (outcome === 'again');
    if (outcome === 'lost') return false;
    from = `${refs.at(-1)}\u0000`;
  }
  // Customers, and the pairs that wait for a steward, are found again from these, also where nothing but the form of rows has changed.
  const put = [
    { table: 'progress', key: MARK, value: mark },
    { table: 'progress', key: COMPUTED_WITH, value: JSON.stringify(TO_BE_COMPUTED) },
  ];
  return (await turn.commit({ put })) === 'done';
}

async function empty(turn: Turn, tenant: string, table: Table): Promise<boolean> {
  for (;;) {
    const entries = await turn.store.range(tenant, table, { limit: REMOVED });
    if (entries.length === 0) return true;
    const outcome = await turn.commit({ remove: entries.map(({ key }) => ({ table, key })) });
    if (outcome === 'lost') return false;
  }
}

async function weighed(store: StateStore, core: Core, refs: readonly string[]): Promise<Workspace> {
  const workspace = new Workspace(store, core.tenant);
  await workspace.load('records', refs);
  const statements: Statement[] = [];
  for (const ref of refs) {
    const row = recordRow(workspace, ref);
    const evaluation = evaluateFacts(core, row.facts);
    if (evaluation.version === undefined) continue;
    const record = linkageRecord(evaluation, core.policy.kinds);
    workspace.set('records', ref, { ...row, matched: printOfRecord(record) } satisfies RecordRow);
    statements.push({ ref, profile: createProfile(record, core.matching.options) });
  }
  await weighAnew(workspace, store, statements, core);
  return workspace;
}
