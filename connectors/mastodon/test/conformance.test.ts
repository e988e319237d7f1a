import { join } from 'node:path';
import type { Command } from '@unsilo/schemas';
import { connectorConformance, type ConformanceSubject } from '@unsilo/connector-sdk/testing';
import { mastodon, type MastodonOptions } from '../src/index.js';
import { SELF, startFakeMastodon } from './fake-mastodon.js';

const subject = (options: { idempotencyKeys: boolean }): ConformanceSubject<MastodonOptions> => ({
  connector: mastodon,
  deeds: ['remove', 'editAtSameTime', 'refused'],
  readme: join(__dirname, '..', 'README.md'),
  async start() {
    const fake = await startFakeMastodon(options);
    const ada = fake.account('ada@other.example', { displayName: 'Ada', note: '<p>Counts</p>' });
    const post = fake.write(SELF, 'Hello');
    const mention = fake.write(ada.id, '@support help');
    let written = 0;
    const reply: Command = {
      id: 'set by the suite',
      system: 'mastodon',
      cause: { kind: 'user' },
      issuedAt: '2026-03-01T09:30:00.000Z',
      deadline: '2026-03-01T10:30:00.000Z',
      attempt: 1,
      action: 'reply',
      inReplyTo: `mastodon/status/${mention.id}`,
      text: 'We are looking into it.',
    };
    return {
      options: { url: fake.server.url, token: fake.token, streaming: false, recheckSeconds: 0 },
      server: fake.server,
      async change(n) {
        return Array.from({ length: n }, () => {
          written += 1;
          if (written % 4 === 3) {
            fake.edit(mention.id, `@support edited ${written}`);
            return `mastodon/status/${mention.id}`;
          }
          const from = fake.account(`person${written % 3}@other.example`);
          const more = written % 4 === 2 ? { inReplyTo: post.id, mentions: [] } : {};
          return `mastodon/status/${fake.write(from.id, `@support news ${written}`, more).id}`;
        });
      },
      async plant(text) {
        const { id } = fake.write(ada.id, `@support ${text}`);
        // Markup has no tabs, and spaces in a row are one.
        return { ref: `mastodon/status/${id}`, expected: text.replaceAll(/[ \t]+/g, ' ') };
      },
      async remove() {
        fake.remove(mention.id);
        return `mastodon/status/${mention.id}`;
      },
      async editAtSameTime(text) {
        fake.edit(mention.id, `@support ${text}`);
        const status = fake.statuses.get(mention.id)!;
        status.editedAt = status.createdAt + 1;
        return { ref: `mastodon/status/${mention.id}` };
      },
      async refused() {
        return [{ ...reply, text: 'too long '.repeat(1000) }];
      },
      async commands() {
        return [reply];
      },
      async effects() {
        return [...fake.statuses.values()].filter(({ text }) => text.endsWith('We are looking into it.')).length;
      },
      close: () => fake.close(),
    };
  },
});

describe('a server that honours Idempotency-Key', () => {
  connectorConformance(subject({ idempotencyKeys: true }));
});
describe('a server that does not', () => {
  connectorConformance(subject({ idempotencyKeys: false }));
});
