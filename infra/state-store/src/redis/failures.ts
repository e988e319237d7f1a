import { StorageError } from '@unsilo/event-log';

/**
 * What can go wrong with Redis, in our words. The client's own errors are never handed on as a cause: they carry the arguments of the
 * command, which are values of rows or a password.
 */

/** Answers by which Redis asks for patience: it is loading, failing over, moving slots, or busy with a script. */
const PASSING = new Set([
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'READONLY',
  'BUSY',
  'NOREPLICAS',
  'UNBLOCKED',
  'MOVED',
  'ASK',
]);

/** Whether an error says that Redis can't be asked at the moment, so that asking again may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof StorageError) return false;
  const word = firstWord(error);
  if (PASSING.has(word)) return true;
  // Everything that is no answer of Redis comes from the connection.
  return !isReply(error);
}

/** A refusal that no waiting cures: the user's name, password or rights. */
export function isRefusal(error: unknown): boolean {
  return ['NOAUTH', 'WRONGPASS', 'NOPERM'].includes(firstWord(error));
}

/** Redis answered: this is its error, in our words. */
export function translated(error: unknown): unknown {
  if (error instanceof StorageError || !isReply(error)) return error;
  const text = saying(error);
  switch (firstWord(error)) {
    case 'NOAUTH':
    case 'WRONGPASS':
      return new StorageError('UNSILO_STATE_LOGIN_REFUSED', 'Redis refused the user name or the password.', {
        hint: 'Check them, and that the user is enabled (ACL GETUSER).',
      });
    case 'NOPERM':
      return new StorageError('UNSILO_STATE_FORBIDDEN', `Redis forbids what the state store needs: ${text}`, {
        hint: 'The user needs +@all -@dangerous +info on the keys of the prefix, scripts included.',
      });
    case 'OOM':
      return new StorageError('UNSILO_STATE_FULL', 'The memory of Redis is used up; nothing was changed.', {
        hint: 'Raise maxmemory, or give the tenants a Redis of their own.',
      });
    case 'MISCONF':
      return new StorageError('UNSILO_STATE_FULL', 'Redis can not write to its disk and takes no changes.', {
        hint: 'Its log says why; most often the disk is full.',
      });
    case 'WRONGTYPE':
      return damaged('a key of the state store holds something else');
    default:
      return new StorageError('UNSILO_STATE_REFUSED', `Redis refused a command of the state store: ${text}`, {
        hint: 'The log of Redis may say more.',
      });
  }
}

export function unreachable(where: string, waitedMs: number, why: string): StorageError {
  return new StorageError('UNSILO_STATE_UNREACHABLE', `Redis at ${where} gave no answer for ${waitedMs} ms (${why}).`, {
    hint: 'Nothing was changed by this call. Try again when Redis can be reached.',
  });
}

/** A commit was sent, and no answer came: it may have been carried out or not. */
export function outcomeUnknown(where: string, waitedMs: number, why: string): StorageError {
  return new StorageError(
    'UNSILO_STATE_OUTCOME_UNKNOWN',
    `Redis at ${where} did not answer a commit within ${waitedMs} ms (${why}).`,
    {
      hint:
        'It may have been carried out or not. Make the same commit again: where it moves offsets, it answers ok if it had been ' +
        'carried out; otherwise its expectations tell.',
    },
  );
}

export function damaged(what: string): StorageError {
  return new StorageError('UNSILO_STATE_DAMAGED', `The state in Redis is not whole: ${what}.`, {
    hint:
      'Something else has removed or changed keys of it (eviction, or a command by hand). Remove all keys of the tenant; the state is ' +
      'then made anew from the log.',
  });
}

export function closed(): StorageError {
  return new StorageError('UNSILO_STATE_CLOSED', 'The state store has been closed.');
}

/** What an error says, without anything that the client attached to it. */
export function saying(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

function firstWord(error: unknown): string {
  return saying(error).split(' ', 1)[0]!;
}
