import { randomUUID } from 'node:crypto';
import { endsWithin, OUTBOX_WRITER, type AppendMessage, type EventLog, type LogWriter } from '@unsilo/event-log';
import type { Connection } from './connection.js';
import { saying } from './failures.js';
import type { KeyNames } from './names.js';
import type { Settings } from './options.js';

const MOST_MESSAGES = 1000;
const MOST_BYTES = 4 * 1024 * 1024;
/** What is kept for a relay that has fallen silent may not fill the memory. */
const MOST_KEPT = 200_000;
const LONGEST_PAUSE_MS = 5000;
/** How often a process looks after outboxes that nobody may be relaying. */
const ROUND_MS = 10_000;
/** How long closing waits for the log. */
const LAST_ROUND_MS = 1000;

/** A writer is not used for longer: registers of writers forget those that were never closed. */
const WRITER_MS = 86_400_000;

type StreamEntry = [id: string, fields: string[]];

/**
 * Brings the outboxes to the log, each in order by one relay at a time (RELAY_SCRIPT), at least once: what is appended and not yet marked as
 * done is appended again.
 */
export class Relay {
  private readonly connection: Connection;
  private readonly names: KeyNames;
  private readonly settings: Settings;
  private readonly log: EventLog;
  private readonly token = randomUUID();
  private readonly running = new Map<string, Promise<void>>();
  private readonly wokenAgain = new Set<string>();
  private readonly known = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly rounds: NodeJS.Timeout;
  private writer: { since: number; opened: Promise<LogWriter> } | undefined;
  private closing = false;
  private stopped = false;

  constructor(connection: Connection, names: KeyNames, settings: Settings, log: EventLog) {
    this.connection = connection;
    this.names = names;
    this.settings = settings;
    this.log = log;
    this.rounds = setInterval(() => {
      for (const tenant of this.known) this.wake(tenant);
    }, ROUND_MS);
    this.rounds.unref();
  }

  /** There may be messages of the tenant. */
  wake(tenant: string): void {
    this.known.add(tenant);
    // Where a pause is being made, since the log failed or another relay is at work, its end comes soon enough.
    if (this.stopped || this.timers.has(tenant)) return;
    if (this.running.has(tenant)) {
      this.wokenAgain.add(tenant);
      return;
    }
    const run = this.run(tenant);
    this.running.set(tenant, run);
    void run.finally(() => {
      this.running.delete(tenant);
      if (this.wokenAgain.delete(tenant)) this.wake(tenant);
    });
  }

  /** Brings over what still waits, as far as the log takes it soon; answers whether that was all. The rest stays for others. */
  async close(): Promise<boolean> {
    this.closing = true;
    clearInterval(this.rounds);
    for (const [tenant, timer] of this.timers) {
      clearTimeout(timer);
      this.timers.delete(tenant);
      this.wake(tenant);
    }
    const isSettled = await endsWithin(this.settled(), LAST_ROUND_MS);
    this.stopped = true;
    if (isSettled) await endsWithin(this.leave(), LAST_ROUND_MS);
    return isSettled && this.failures.size === 0;
  }

  /** What writes no more need not be shut out by others. */
  private async leave(): Promise<void> {
    await (await this.writer?.opened)?.close();
  }

  private async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running.values());
  }

  private async run(tenant: string): Promise<void> {
    try {
      while (!this.stopped && (await this.drain(tenant)));
      this.failures.delete(tenant);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'UNSILO_LOG_CLOSED' || code === 'UNSILO_STATE_CLOSED') return;
      this.report(
        'UNSILO_STATE_RELAY_FAILED',
        tenant,
        `The outbox is not relayed: ${saying(error)} It is tried again.`,
      );
      await this.giveBack(tenant);
      const failures = this.failures.get(tenant) ?? 0;
      this.failures.set(tenant, failures + 1);
      if (!this.closing) this.later(tenant, Math.min(100 * 2 ** failures, LONGEST_PAUSE_MS));
    }
  }

  /** @returns whether there may be more, for this relay */
  private async drain(tenant: string): Promise<boolean> {
    let done = '';
    // Opened before anything is read: what it brings over after it was shut out had been read of a state that is lost.
    const writer = await this.writing();
    while (!this.stopped) {
      const asked = performance.now();
      const [kind, answer] = await this.step(tenant, done);
      if (kind === 'empty') return false;
      if (kind === 'busy') {
        if (!this.closing) this.later(tenant, Number(answer) + 1);
        return false;
      }
      if (kind === 'overtaken') {
        const words =
          answer === 1 ? 'What followed is sent again, in order.' : 'Late messages of it may stand behind newer ones.';
        this.report(
          'UNSILO_STATE_RELAY_OVERTAKEN',
          tenant,
          `This process was stopped while it relayed, and another one went on. ${words}`,
        );
        return true;
      }
      const entries = answer as StreamEntry[];
      // Stopped between question and answer for longer than the lease: another relay may have these by now.
      if (performance.now() - asked >= this.settings.leaseMs) return true;
      await this.append(tenant, writer, entries.map(toMessage));
      done = entries.at(-1)![0];
    }
    if (done !== '') await this.step(tenant, done);
    await this.giveBack(tenant);
    return false;
  }

  private async step(tenant: string, done: string): Promise<[string, unknown]> {
    const { names, token } = this;
    const { leaseMs, keepMs } = this.settings;
    const args = [
      2,
      names.relay(tenant),
      names.outbox(tenant),
      token,
      leaseMs,
      MOST_MESSAGES,
      MOST_BYTES,
      done,
      keepMs,
      MOST_KEPT,
    ];
    return (await this.connection.ask(async (client) => client.unsiloRelay(args))) as [string, unknown];
  }

  private async writing(): Promise<Pick<EventLog, 'append'>> {
    if (this.log.openWriter === undefined) return this.log;
    const now = performance.now();
    if (this.writer === undefined || now - this.writer.since > WRITER_MS)
      this.writer = { since: now, opened: this.log.openWriter(OUTBOX_WRITER) };
    const { writer } = this;
    return writer.opened.catch((error: unknown) => {
      if (this.writer === writer) this.writer = undefined;
      throw error;
    });
  }

  /** Keeps the lease as long as the log takes. After a failure nobody knows what the writer has written: the next try has another one. */
  private async append(
    tenant: string,
    writer: Pick<EventLog, 'append'>,
    messages: readonly AppendMessage[],
  ): Promise<void> {
    const renewal = setInterval(() => void this.lease(tenant, this.settings.leaseMs), this.settings.leaseMs / 3);
    try {
      await writer.append(messages);
    } catch (error) {
      this.writer = undefined;
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  private async giveBack(tenant: string): Promise<void> {
    await this.lease(tenant, 0);
  }

  /** A lease that can't be renewed or given back runs out by itself. */
  private async lease(tenant: string, ms: number): Promise<void> {
    const args = [1, this.names.relay(tenant), this.token, ms];
    await this.connection.ask(async (client) => client.unsiloLease(args)).catch(() => undefined);
  }

  private later(tenant: string, ms: number): void {
    clearTimeout(this.timers.get(tenant));
    const timer = setTimeout(() => {
      this.timers.delete(tenant);
      this.wake(tenant);
    }, ms);
    timer.unref();
    this.timers.set(tenant, timer);
  }

  private report(
    code: 'UNSILO_STATE_RELAY_FAILED' | 'UNSILO_STATE_RELAY_OVERTAKEN',
    tenant: string,
    message: string,
  ): void {
    this.settings.onEvent({ code, message, tenant });
  }
}

function toMessage([, fields]: StreamEntry): AppendMessage {
  const found = new Map<string, string>();
  for (let at = 0; at < fields.length; at += 2) found.set(fields[at]!, fields[at + 1]!);
  const traceparent = found.get('h');
  return {
    topic: found.get('t') ?? '',
    key: found.get('k') ?? '',
    value: found.get('v') ?? null,
    ...(traceparent === undefined ? {} : { headers: { traceparent } }),
  };
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
