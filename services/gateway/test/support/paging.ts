import { ServiceError, type Page } from '@unsilo/hub';

export function paged<T>(all: readonly T[], { cursor, limit }: { cursor?: string; limit: number }): Page<T> {
  const from = cursor === undefined ? 0 : Number(cursor.replace(/^p/, ''));
  if (!Number.isSafeInteger(from) || from < 0)
    throw new ServiceError('invalid', 'UNSILO_BAD_CURSOR', 'The cursor is not one of ours.', {
      hint: 'Begin with the first page.',
    });
  const items = all.slice(from, from + limit);
  return from + limit < all.length ? { items, next: `p${from + limit}` } : { items };
}
