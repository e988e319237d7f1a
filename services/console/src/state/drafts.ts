/**
 * Replies that were begun and not sent, by the post that they answer. They outlast going elsewhere and a session that ends; they end with the page,
 * which asks first, and with logging out. Kept in memory alone: they may hold what others must not read.
 */
export interface Draft {
  text: string;
  /** One key for one composed reply: sending it again after a broken connection publishes it once. */
  key: string;
}

const drafts = new Map<string, Draft>();

export function draftOf(interaction: string): Draft | undefined {
  return drafts.get(interaction);
}

export function keepDraft(interaction: string, draft: Draft): void {
  if (draft.text.trim() === '') drafts.delete(interaction);
  else drafts.set(interaction, draft);
}

export function dropDraft(interaction: string): void {
  drafts.delete(interaction);
}

export function dropDrafts(): void {
  drafts.clear();
}

/** A browser asks whoever is about to leave the page with something unsent. */
export function askBeforeLeaving(): void {
  addEventListener('beforeunload', (event) => {
    if (drafts.size > 0) event.preventDefault();
  });
}
