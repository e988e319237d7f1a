import { isDeepStrictEqual } from 'node:util';
import type { WriteResult } from '@unsilo/connector-sdk';
import { partyEvent, type Command, type PartyState, type UnsiloEvent, type Version } from '@unsilo/schemas';
import { stateAfter } from '../simulated/state-after.js';
import { TENANT } from './company.js';

interface Held {
  state: PartyState;
  version: Version;
}

/** How one command took effect. */
export interface Effect {
  command: string;
  /** The state did not change: what was asked had been done already. */
  idle: boolean;
}

/**
 * An external system that outlives the hub's process. It keeps every command's answer under the command's id, as systems with idempotency keys
 * do, and writes on the version that the command names. People's edits raise `major`, writes of the hub `minor`, so that the versions of
 * edits don't depend on when the hub writes.
 */
export class SimulatedSystem {
  readonly name: string;
  readonly records = new Map<string, Held>();
  readonly effects: Effect[] = [];
  /** Texts that were posted, in order. */
  readonly posts: string[] = [];
  /** Commands that came again and were answered from memory. */
  recognised = 0;
  private readonly answers = new Map<string, WriteResult>();
  private readonly remembers: boolean;

  /** @param remembers False: a system without idempotency and without conditions, to show that the checks see what that does. */
  constructor(name: string, remembers = true) {
    this.name = name;
    this.remembers = remembers;
  }

  /** An edit by people; answers the event that tells of it. */
  edit(ref: string, createdAt: string, at: string, patch: PartyState): UnsiloEvent {
    const held = this.records.get(ref);
    const version = { major: (held?.version.major ?? 0) + 1, minor: 0 };
    const state = { ...held?.state, ...patch };
    this.records.set(ref, { state, version });
    return partyEvent(TENANT, { ref, version, createdAt, changedAt: at, observedAt: at, state });
  }

  write(command: Command): WriteResult {
    const known = this.answers.get(command.id);
    if (known && this.remembers) {
      this.recognised += 1;
      return known;
    }
    const answer = this.carryOut(command);
    this.answers.set(command.id, answer);
    return answer;
  }

  private carryOut(command: Command): WriteResult {
    if (command.action === 'reply') {
      this.posts.push(command.text);
      this.effects.push({ command: command.id, idle: false });
      return { status: 'applied', ref: `${this.name}/status/reply-${this.posts.length}` };
    }
    const held = command.action === 'update' ? this.records.get(command.ref) : undefined;
    if (command.action !== 'update' || held === undefined)
      return {
        status: 'rejected',
        error: { code: 'UNSILO_NOT_OFFERED', message: 'Only records that exist are written.' },
      };
    const { ref, base } = command;
    const pre = held.version;
    if (this.remembers && (pre.major !== base.major || pre.minor !== base.minor))
      return { status: 'conflict', ref, error: { code: 'UNSILO_CONFLICT', message: 'The record has moved on.' } };
    const before = held.state;
    const left = stateAfter(before, command.set);
    const version = { major: pre.major, minor: pre.minor + 1 };
    this.records.set(ref, { state: left, version });
    this.effects.push({ command: command.id, idle: isDeepStrictEqual(before, left) });
    return { status: 'applied', ref, version, pre, before, left, exact: true };
  }
}
