import { setImmediate } from 'node:timers/promises';

/**
 * Gives everybody else in the process a turn: computing a batch waits for nothing by itself. A write that was handed over begins only with the
 * next turn of the event loop, so that without this no commit would overlap with the computing of what follows; and requests would wait for whole batches.
 */
export async function breathe(): Promise<void> {
  await setImmediate();
}
