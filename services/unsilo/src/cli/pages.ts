import type { Page } from '@unsilo/hub';

/** Every item of a listing, page by page. @throws the reason of `signal` when it aborts */
export async function* pages<Item>(
  load: (cursor: { cursor?: string }) => Promise<Page<Item>>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  let next: string | undefined;
  do {
    signal.throwIfAborted();
    const page: Page<Item> = await load(next === undefined ? {} : { cursor: next });
    yield* page.items;
    next = page.next;
  } while (next !== undefined);
}
