import { parseEvent, topicName, validate, type Command, type Outcome } from '@unsilo/schemas';
import type { LogBatch, LogMessage, Subscription } from '@unsilo/event-log';
import { timestamp } from '../clock.js';
import { PauseError, RetryableError, TerminalError } from '../errors.js';
import type { Connector, ConnectorContext, WriteResult } from '../connector.js';
import { backoff } from './backoff.js';
import type { Intake } from './intake.js';
import { reasonOf, toldReason } from './reasons.js';
import type { Scope } from './scope.js';
import type { Counts, Reason } from './status.js';
import { keys } from './storage.js';
import { traced } from './tracing.js';

export interface WriterSettings {
  /** Commands of different records carried out at once. */
  concurrency: number;
  /** A command that keeps failing is given up after this long even before its deadline, so that others get their turn. */
  patienceMs: number;
  /** The longest time a request of the system may take: only after it can a read say what became of an unclear write. */
  settleAfterMs: number;
  retryBaseMs: number;
  retryMaxMs: number;
}

export interface WriterEvents {
  onPause(reason: Reason): void;
  /** Something may have been written that only a reading will show. */
  onUnclear(): void;
}

/** Carries out the commands of one system and reports exactly one outcome for each. */
export interface Writer {
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Resolves when the commands under way have ended, or been given up because `abandon` aborted: those are delivered again. */
  close(): Promise<void>;
}

/** What is kept of a command: its outcome, or that a try began. */
interface Kept {
  outcome?: Outcome;
  begun?: string;
}

class Abandoned extends Error {}

export function createWriter<Options>(
  connector: Connector<Options>,
  contextFor: (signal: AbortSignal) => ConnectorContext<Options>,
  intake: Intake,
  scope: Scope,
  settings: WriterSettings,
  events: WriterEvents,
  abandon: AbortSignal,
): Writer {
  const { tenant, system, log, storage, clock, counts, logger, redact } = scope;
  let subscription: Subscription | undefined;
  let paused = false;
  let awake = new AbortController();

  async function onBatch(batch: LogBatch, signal: AbortSignal): Promise<void> {
    const byTarget = new Map<string, { command: Command; message: LogMessage }[]>();
    for (const message of batch.messages) {
      const command = await commandIn(message);
      if (command === undefined) continue;
      byTarget.set(message.key, [...(byTarget.get(message.key) ?? []), { command, message }]);
    }
    const lanes = [...byTarget.values()];
    const stop = AbortSignal.any([signal, abandon]);
    const worker = async (): Promise<void> => {
      for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift())
        for (const { command, message } of lane)
          await traced(message, command, (tell) => carryOut(command, stop, tell));
    };
    const results = await Promise.allSettled(
      Array.from({ length: Math.min(settings.concurrency, lanes.length) }, worker),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** The command in a message; a broken one is parked, one of another tenant left to its own runner. */
  async function commandIn(message: LogMessage): Promise<Command | undefined> {
    if (message.value === null) return undefined;
    const parsed = parseEvent(message.value);
    if (parsed.ok && parsed.event.tenant !== tenant) return undefined;
    if (parsed.ok && parsed.event.type === 'unsilo.command.issued' && parsed.event.data.system === system)
      return parsed.event.data;
    const { topic, partition, offset } = message;
    const [first] = parsed.ok ? [] : parsed.errors;
    await intake.park({
      code: parsed.ok ? 'UNSILO_COMMAND_MISPLACED' : parsed.code,
      message: parsed.ok
        ? `There is an event in ${topic} that is no command for ${system}`
        : `A command can't be read: ${first?.path ?? ''} ${first?.message ?? ''}`,
      at: { topic, partition, offset },
      payload: message.value,
    });
    return undefined;
  }

  async function carryOut(command: Command, signal: AbortSignal, tell: (outcome: Outcome) => void): Promise<void> {
    const key = keys.command(command.id);
    const [stored] = (await storage.getMany([key])) as [Kept | undefined];
    if (stored?.outcome !== undefined) {
      tell(stored.outcome);
      return intake.repeat(stored.outcome);
    }
    counts.commands += 1;
    let unclear = stored?.begun !== undefined;
    const result = await tryUntilKnown();
    const outcome = whole(result);
    tell(outcome);
    const { erased } = await intake.report(outcome, command);
    const { ref } = outcome;
    // It was under way when its record was erased, and the connector may have noted the answer.
    if (erased && ref?.startsWith(`${system}/`) === true) await connector.forget?.(contextFor(signal), [ref]);
    counts[countOf(outcome.status)] += 1;
    if (outcome.status === 'uncertain') events.onUnclear();

    async function tryUntilKnown(): Promise<WriteResult> {
      if (connector.write === undefined) return failed('rejected', readOnly(connector.id));
      const deadline = Date.parse(command.deadline);
      const giveUpAt = Math.min(deadline, clock.now() + settings.patienceMs);
      const waits = backoff({ baseMs: settings.retryBaseMs, maxMs: settings.retryMaxMs, random: scope.random });
      if (clock.now() >= deadline) return unclear ? settled(expired(command)) : failed('not-applied', expired(command));
      refuseWhenOver();
      if (!unclear) await storage.set({ [key]: { begun: timestamp(clock.now()) } satisfies Kept });
      for (let number = 1; ; number += 1) {
        refuseWhenOver();
        try {
          return await connector.write(contextFor(signal), command, { number, unclear });
        } catch (error) {
          refuseWhenOver();
          const reason = toldReason(error, scope, { command: command.id });
          if (error instanceof PauseError) {
            events.onPause(reason);
            throw new Abandoned(reason.message);
          }
          if (error instanceof TerminalError) return unclear ? settled(reason) : failed('rejected', reason);
          const retryable = error instanceof RetryableError ? error : undefined;
          unclear ||= retryable?.mayHaveApplied !== false;
          const waitMs = waits.next(retryable?.retryAfterMs);
          if (clock.now() + waitMs >= giveUpAt) return unclear ? settled(reason) : failed('not-applied', reason);
          logger.warn(
            { system, command: command.id, code: reason.code, retryInMs: waitMs },
            `Writing failed: ${reason.message}`,
          );
          await rest(waitMs);
        }
      }
    }

    function refuseWhenOver(): void {
      if (signal.aborted || paused) throw new Abandoned('the system is stopping');
    }

    /** A wait that ends at once when the system stops; the command is delivered again then. */
    async function rest(ms: number): Promise<void> {
      await clock.sleep(ms, AbortSignal.any([signal, awake.signal])).catch(() => undefined);
      refuseWhenOver();
    }

    /** Reads back what became of an unclear write, once nothing of it can be under way any more. */
    async function settled(reason: Reason): Promise<WriteResult> {
      if (connector.settle === undefined) return failed('uncertain', reason);
      await rest(settings.settleAfterMs);
      try {
        return await connector.settle(contextFor(signal), command);
      } catch (error) {
        refuseWhenOver();
        if (error instanceof PauseError) {
          events.onPause(reasonOf(error, redact));
          throw new Abandoned('paused while settling');
        }
        return failed('uncertain', toldReason(error, scope, { command: command.id }));
      }
    }

    /** The outcome with what the runner knows; one that breaks the contract, or is about another record, tells nothing and counts as uncertain. */
    function whole(result: WriteResult): Outcome {
      const outcome: Outcome = { ...result, command: command.id, system, reportedAt: timestamp(clock.now()) };
      if (outcome.error !== undefined) {
        const { error } = outcome;
        outcome.error = { ...error, message: redact(error.message).slice(0, 2000) };
      }
      const problem = problemOf(outcome, command);
      if (problem === undefined) return outcome;
      const message = `The connector's answer doesn't fit ${problem}`;
      logger.warn({ system, command: command.id, code: 'UNSILO_CONNECTOR_INVALID_OUTCOME' }, message);
      return {
        ...failed('uncertain', { code: 'UNSILO_CONNECTOR_INVALID_OUTCOME', message }),
        command: command.id,
        system,
        reportedAt: timestamp(clock.now()),
      };
    }
  }

  function problemOf(outcome: Outcome, command: Command): string | undefined {
    const checked = validate('outcome', outcome);
    if (!checked.ok) {
      const [first] = checked.errors;
      return `the contract: ${first?.path ?? ''} ${first?.message ?? ''}`;
    }
    const { ref } = outcome;
    if (ref === undefined) return undefined;
    if ('ref' in command && ref !== command.ref) return `the command: it is about another record than ${command.ref}`;
    if (!ref.startsWith(`${system}/`)) return `the command: its record belongs to another system than ${system}`;
    return undefined;
  }

  return {
    async start() {
      subscription = await log.subscribe({
        group: `unsilo-connector-${system}`,
        topics: [topicName('commands', system)],
        start: 'earliest',
        maxMessages: 100,
        onBatch,
        onError: (error) => {
          if (error instanceof Abandoned) return;
          const reason = reasonOf(error, redact);
          logger.warn({ system, code: reason.code }, `Commands will be delivered again: ${reason.message}`);
        },
      });
      if (paused) subscription.pause();
    },
    pause() {
      paused = true;
      awake.abort();
      subscription?.pause();
    },
    resume() {
      paused = false;
      awake = new AbortController();
      subscription?.resume();
    },
    close: async () => subscription?.close(),
  };
}

function failed(status: 'rejected' | 'not-applied' | 'uncertain', reason: Reason): WriteResult {
  return { status, error: { code: reason.code, message: reason.message } };
}

function expired(command: Command): Reason {
  return { code: 'UNSILO_COMMAND_EXPIRED', message: `The command's deadline ${command.deadline} had passed` };
}

function readOnly(connector: string): Reason {
  return { code: 'UNSILO_CONNECTOR_READ_ONLY', message: `The connector ${connector} can't write` };
}

function countOf(status: Outcome['status']): keyof Counts {
  return status === 'not-applied' ? 'notApplied' : status;
}
