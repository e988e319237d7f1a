import type { LogMessage } from '@unsilo/event-log';
import { deadLetterEvent } from '@unsilo/schemas';
import type { Commit, CommitResult, Expectation, OffsetMove, StateStore } from '@unsilo/state-store';
import { writePolicy } from '../domain/policy.js';
import { carryOn } from './causes.js';
import { breathe } from './breathe.js';
import type { Core } from './core.js';
import { Evaluations } from './evaluations.js';
import { summariseAnew } from './history.js';
import { resolveIdentity } from './identity.js';
import { emptyIntake, takeIn, unusable, without, type Intake } from './intake.js';
import { mergeTouched } from './merging.js';
import { message as outboxMessage } from './outbox.js';
import type { PlanOptions } from './merge-cluster.js';
import { recordRow, type Touched } from './record-row.js';
import { applyFacts } from './records.js';
import { isSnapshotComplete, type CustomerRow, type SystemRow } from './rows.js';
import { applyTimeline } from './timeline.js';
import { Workspace, type Uncommitted, type WorkspaceOptions } from './workspace.js';

/** What goes into one commit. */
interface Proposal {
  changes: Pick<Commit, 'expect' | 'put' | 'remove' | 'outbox'>;
  /** How to go on when others' changes came between. Undefined: nobody else writes. */
  again: ((conflicts: readonly Expectation[], moves: readonly OffsetMove[]) => Promise<Proposal>) | undefined;
}

/** What is looked at again without new facts. */
interface Seeds {
  refs?: readonly string[];
  customers?: readonly string[];
  /** What is summarised of these refs was read by other rules. */
  summariseAnew?: boolean;
}

/** Others may come between so often before something else must be wrong. */
const MOST_ATTEMPTS = 100;
/** After a conflict, so many commits are prepared for another one: noting what has to do with what takes time. */
const COMMITS_ON_GUARD = 50;

/** One commit under way. */
export interface Step extends Uncommitted {
  done: Promise<void>;
}

/** Turns batches of events into commits. Holds no state of its own beyond what a restart may lose. */
export class Processor {
  private readonly core: Core;
  private readonly store: StateStore;
  private readonly group: string;
  /** Commands may be planned (SYNC section 5.7). */
  planning = false;
  private snapshots: Set<string> | undefined;
  /** Told complete: what came before that may lie behind it in other topics. */
  private readonly toldComplete = new Set<string>();
  /** So many commits to come may meet others'. */
  private onGuard = 0;

  constructor(core: Core, store: StateStore, group: string) {
    this.core = core;
    this.store = store;
    this.group = group;
  }

  /**
   * Computes what some messages change, and begins to commit it: at one stroke, or, where others have written the same rows, in parts, of
   * which the last one moves the offsets. Resolves when the next step may begin on top of it.
   * `done` resolves once it is durable.
   * @param before The step before, which may still be under way.
   * @throws when the consumed offsets are not where this worker left them: it has lost its partitions.
   */
  async begin(messages: readonly LogMessage[], moves: readonly OffsetMove[], before?: Step): Promise<Step> {
    const intake = takeIn(messages, this.core, this.core.now());
    const computed = await this.compute(intake, {}, { before });
    // Written down while the step before may still be under way, so that this one can follow it at once.
    const proposal = this.propose(intake, {}, computed);
    const written = this.store.exclusive ? computed.written() : new Map();
    await before?.done;
    return { written, done: this.commitUntilSettled(proposal, moves) };
  }

  /**
   * Takes in what stands published, without moving any offset.
   * @param again The same messages will be delivered once more: what can't be used is parked then and not now.
   */
  async absorb(messages: readonly LogMessage[], again: boolean): Promise<void> {
    const intake = takeIn(messages, this.core, this.core.now());
    if (again) intake.unusable = [];
    await this.commitUntilSettled(this.propose(intake, {}, await this.compute(intake, {})), []);
  }

  /** Parks an event that makes processing fail, and goes past it. */
  async setAside(message: LogMessage, move: OffsetMove, error: unknown): Promise<void> {
    const text = `Processing the event failed: ${error instanceof Error ? error.message : String(error)}`;
    const letter = unusable(message, 'UNSILO_HUB_DEFECT', text, this.core.now());
    const result = await this.store.commit(this.core.tenant, {
      outbox: [outboxMessage(deadLetterEvent(this.core.tenant, letter))],
      offsets: { group: this.group, moves: [move] },
    });
    if (!result.ok) throw new LostPartition(result.offsets);
  }

  /** Looks at records or customers again without new facts: after a change of policy or model, for postponed plans, or as a matter of routine. */
  async reconsider(seeds: Seeds): Promise<void> {
    const intake = emptyIntake();
    await this.commitUntilSettled(this.propose(intake, seeds, await this.compute(intake, seeds)), []);
  }

  /**
   * Holds on to what was read only where it may be needed again: a commit takes as long as the computing of several more, and what survives
   * that is moved about by collections of young objects.
   */
  private propose(intake: Intake, seeds: Seeds, workspace: Workspace): Proposal {
    return {
      changes: { ...workspace.changes(), outbox: workspace.outbox },
      again: this.store.exclusive
        ? undefined
        : async (conflicts, moves) => {
            const left = await this.commitBeside(intake, workspace, conflicts, moves);
            return this.propose(left, seeds, await this.compute(left, seeds, { again: workspace }));
          },
    };
  }

  /**
   * Commits what has nothing to do with rows that others have changed; most of a batch, as a rule, and computing it again would meet others
   * again. The offsets stay where they are: should this worker end here, the messages come again, and what is committed is nothing new then.
   * @returns what is still to be computed
   * @throws LostPartition
   */
  private async commitBeside(
    intake: Intake,
    workspace: Workspace,
    first: readonly Expectation[],
    moves: readonly OffsetMove[],
  ): Promise<Intake> {
    const conflicts = [...first];
    const standing = moves.flatMap((move) => (move.from === undefined ? [] : [{ ...move, to: move.from }]));
    // Without an offset to hold it to, a worker that lost its partitions could not be told from one that has them.
    const beside = standing.length > 0 ? () => workspace.beside(conflicts) : () => undefined;
    for (let part = beside(); part; part = beside()) {
      const { changes, outbox, isSound } = part;
      const offsets = { group: this.group, moves: standing };
      const result = await this.store.commit(this.core.tenant, { ...changes, outbox, offsets });
      if (result.ok) {
        workspace.forget([...conflicts, ...changes.put, ...changes.remove]);
        return without(intake, isSound);
      }
      if (result.offsets.length > 0) throw new LostPartition(result.offsets);
      conflicts.push(...result.conflicts);
    }
    workspace.forget(conflicts);
    return intake;
  }

  /** A conflict with another worker is met by computing again from what stands now. */
  private async commitUntilSettled(first: Proposal, moves: readonly OffsetMove[]): Promise<void> {
    let proposal = first;
    for (let attempt = 1; ; attempt += 1) {
      const result: CommitResult = await this.store.commit(this.core.tenant, {
        ...proposal.changes,
        ...(moves.length > 0 ? { offsets: { group: this.group, moves } } : {}),
      });
      this.onGuard = result.ok ? Math.max(this.onGuard - 1, 0) : COMMITS_ON_GUARD;
      if (result.ok) return;
      if (result.offsets.length > 0) throw new LostPartition(result.offsets);
      if (proposal.again === undefined || attempt >= MOST_ATTEMPTS)
        throw new Error(`a batch met ${result.conflicts.length} conflicts in its ${attempt}th attempt`);
      proposal = await proposal.again(result.conflicts, moves);
    }
  }

  /** Rows that were read one after the other need not belong together where others write: what fails then is computed again. */
  private async compute(
    intake: Intake,
    seeds: Seeds,
    known: Pick<WorkspaceOptions, 'before' | 'again'> = {},
  ): Promise<Workspace> {
    for (let attempt = 1, { again } = known; ; attempt += 1) {
      const inParts = this.onGuard > 0;
      const workspace: Workspace = new Workspace(this.store, this.core.tenant, { ...known, again, inParts });
      try {
        await this.computeIn(workspace, intake, seeds);
        return workspace;
      } catch (error) {
        if (this.store.exclusive || attempt >= MOST_ATTEMPTS) throw error;
        const { expect } = workspace.changes();
        const result = await this.store.commit(this.core.tenant, { expect });
        if (result.ok) throw error;
        workspace.forget(result.conflicts);
        again = workspace;
      }
    }
  }

  private async computeIn(workspace: Workspace, intake: Intake, seeds: Seeds): Promise<void> {
    const evaluations = new Evaluations(this.core);
    await this.applySignals(workspace, intake);
    await breathe();
    const touched = await applyFacts(workspace, intake, this.core);
    await this.seed(workspace, touched, seeds);
    await applyTimeline(workspace, this.store, intake);
    await breathe();
    const assignment = await resolveIdentity(workspace, this.store, touched, evaluations, this.core);
    const options: PlanOptions = {
      planning: this.planning,
      snapshotsComplete: this.snapshotsComplete(),
      writable: this.writable(),
      now: this.core.now(),
    };
    await breathe();
    await mergeTouched(workspace, touched, assignment, evaluations, this.core, options);
    if (intake.causes.size > 0) carryOn(intake.causes, workspace);
    for (const letter of intake.unusable) workspace.say(outboxMessage(deadLetterEvent(this.core.tenant, letter)));
  }

  private async seed(workspace: Workspace, touched: Touched, seeds: Seeds): Promise<void> {
    for (const ref of seeds.refs ?? []) {
      touched.facts.add(ref);
      touched.identity.add(ref);
    }
    await workspace.load('records', seeds.refs ?? []);
    if (seeds.summariseAnew) await summariseAnew(workspace, seeds.refs ?? [], this.core);
    const ids = seeds.customers ?? [];
    await workspace.load('customers', ids);
    const members = ids.map((id) => workspace.get<CustomerRow>('customers', id)?.members ?? []);
    await workspace.load('records', members.flat());
    for (const refs of members)
      for (const ref of refs) if (recordRow(workspace, ref).customer !== undefined) touched.facts.add(ref);
    for (const id of ids) if (this.planning) workspace.overwrite('unplanned', id, undefined);
  }

  private writable(): string[] {
    const names: string[] = [];
    for (const [system, profile] of this.core.profiles) {
      if (profile.kinds.some((k) => writePolicy(this.core.policy, system, k.kind) !== undefined)) names.push(system);
    }
    return names.sort();
  }

  /** Systems whose first snapshot is not complete yet hold back every creation (SYNC section 6.1). */
  private snapshotsComplete(): boolean {
    for (const [system, profile] of this.core.profiles)
      if (profile.kinds.length > 0 && !this.snapshots?.has(system)) return false;
    return true;
  }

  /** Which systems' first snapshots are complete, as the state has it. */
  async loadSnapshots(): Promise<void> {
    this.snapshots = await this.completeOnes();
  }

  /** Others may have been told of a snapshot. */
  async lookForSnapshots(): Promise<void> {
    this.tellComplete(await this.completeOnes());
  }

  /** These are complete once `confirmSnapshots` has them. */
  tellComplete(systems: Iterable<string>): void {
    for (const system of systems) if (!this.snapshots?.has(system)) this.toldComplete.add(system);
  }

  private async completeOnes(): Promise<Set<string>> {
    const profiles = [...this.core.profiles];
    const rows = await this.store.getMany(
      this.core.tenant,
      'systems',
      profiles.map(([name]) => name),
    );
    const complete = profiles.filter(([, profile], i) =>
      isSnapshotComplete(JSON.parse(rows[i]?.value ?? '{}') as SystemRow, profile),
    );
    return new Set(complete.map(([name]) => name));
  }

  private async applySignals(workspace: Workspace, intake: Intake): Promise<void> {
    const completed = intake.signals.filter((s) => s.name === 'snapshot.completed' && s.system !== undefined);
    if (completed.length === 0) return;
    await workspace.load(
      'systems',
      completed.flatMap((s) => s.system ?? []),
    );
    for (const signal of completed) {
      const system = signal.system ?? '';
      const { snapshotCompletedAt, snapshotMapping } = workspace.get<SystemRow>('systems', system) ?? {};
      const mapping = signal.detail?.['mapping'];
      const row: SystemRow = {
        snapshotCompletedAt: snapshotCompletedAt ?? signal.at,
        ...(typeof mapping === 'string' ? { snapshotMapping: mapping } : {}),
      };
      if (snapshotCompletedAt === undefined || snapshotMapping !== row.snapshotMapping)
        workspace.set('systems', system, row);
      if (isSnapshotComplete(row, this.core.profiles.get(system) ?? {})) this.tellComplete([system]);
      else {
        this.toldComplete.delete(system);
        this.snapshots?.delete(system);
      }
    }
  }

  /** Systems whose snapshot was told complete since this was asked last. */
  takeToldComplete(): string[] {
    const told = [...this.toldComplete];
    this.toldComplete.clear();
    return told;
  }

  /** All that was on the log when these were told complete has been taken in. */
  confirmSnapshots(systems: readonly string[]): void {
    for (const system of systems) this.snapshots?.add(system);
  }

  get allSnapshotsComplete(): boolean {
    return this.snapshotsComplete();
  }
}

/** Another worker has consumed what this one believed to be its own: it must stop and be assigned anew. */
export class LostPartition extends Error {
  readonly code = 'UNSILO_HUB_LOST_PARTITION';
  constructor(offsets: readonly { topic: string; partition: number }[]) {
    super(
      `Another worker has taken over ${offsets.map((o) => `${o.topic}/${o.partition}`).join(', ')}; this one gives way.`,
    );
    this.name = 'LostPartition';
  }
}
