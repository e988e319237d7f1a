import type { Command, Outcome } from '@unsilo/schemas';
import { at } from './company.js';

export interface Sent {
  command: Command;
  outcome?: Outcome;
  key?: string;
}

/** What the made-up company asked its systems to do. */
export class Commands {
  readonly #sent = new Map<string, Sent>();

  /** A new command, or the one that the idempotency key already stands for. */
  issue(
    content: object,
    system: string,
    user: string,
    key: string | undefined,
    issuedAt: string,
  ): Sent & { isNew: boolean } {
    for (const known of this.#sent.values())
      if (key !== undefined && known.key === key) return { ...known, isNew: false };
    const id = `command-${this.#sent.size + 1}`;
    const command = {
      id,
      system,
      cause: { kind: 'user', user },
      issuedAt,
      deadline: at(10_000),
      attempt: 1,
      ...content,
    } as Command;
    const sent = { command, ...(key !== undefined && { key }) };
    this.#sent.set(id, sent);
    return { ...sent, isNew: true };
  }

  find(id: string): Sent | undefined {
    return this.#sent.get(id);
  }

  answer(
    id: string,
    status: Outcome['status'],
    reportedAt: string,
    message?: string,
  ): { command: Command; outcome: Outcome } {
    const sent = this.#sent.get(id);
    if (!sent) throw new Error(`No command ${id}`);
    const outcome: Outcome = {
      command: id,
      system: sent.command.system,
      status,
      reportedAt,
      ...(message !== undefined && { error: { code: 'UNSILO_SYSTEM_REFUSED', message } }),
    };
    sent.outcome = outcome;
    return { command: sent.command, outcome };
  }

  last(): Command | undefined {
    return [...this.#sent.values()].at(-1)?.command;
  }

  repliesTo(ref: string): { command: Command; outcome?: Outcome }[] {
    return [...this.#sent.values()]
      .filter(({ command }) => command.action === 'reply' && command.inReplyTo === ref)
      .map(({ command, outcome }) => ({ command, ...(outcome && { outcome }) }));
  }
}
