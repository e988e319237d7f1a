import type { SimulatedAccount, SimulatedNotification, SimulatedStatus, World } from './world.js';

/** What a world looks like through the client API: its entities, whole, as Mastodon 4.5 writes them. */
export interface Entities {
  account(account: SimulatedAccount, credential?: boolean): object;
  status(status: SimulatedStatus): object;
  notification(notification: SimulatedNotification): object;
  instance(): object;
}
export interface Limits {
  maxCharacters: number;
  charactersPerUrl: number;
}

export function entitiesOf(world: World, domain: string, limits: Limits, streaming: () => string): Entities {
  const { accounts, statuses } = world;
  const host = (acct: string): string => acct.split('@')[1] ?? domain;
  const name = (acct: string): string => acct.split('@')[0]!;

  function account(given: SimulatedAccount, credential = false): object {
    const { id, acct, displayName, note, bot, group, fields, suspended } = given;
    const picture = `https://${domain}/picture.png`;
    return {
      id,
      username: name(acct),
      acct,
      display_name: displayName,
      locked: false,
      bot,
      group,
      discoverable: true,
      indexable: false,
      created_at: new Date(given.createdAt).toISOString(),
      note,
      url: `https://${host(acct)}/@${name(acct)}`,
      uri: `https://${host(acct)}/users/${name(acct)}`,
      avatar: picture,
      avatar_static: picture,
      header: picture,
      header_static: picture,
      followers_count: 1,
      following_count: 1,
      statuses_count: 1,
      last_status_at: '2026-03-01',
      emojis: [],
      fields,
      ...(suspended === true ? { suspended: true } : {}),
      ...(credential ? { role: ROLE, source: SOURCE } : {}),
    };
  }

  function status(given: SimulatedStatus): object {
    const replies = [...statuses.values()].filter(
      ({ inReplyTo, deleted }) => inReplyTo === given.id && deleted !== true,
    );
    const parent = given.inReplyTo === undefined ? undefined : statuses.get(given.inReplyTo);
    const author = accounts.get(given.account)!;
    const address = `https://${host(author.acct)}/@${name(author.acct)}/${given.id}`;
    return {
      id: given.id,
      created_at: new Date(given.createdAt).toISOString(),
      edited_at: given.editedAt === undefined ? null : new Date(given.editedAt).toISOString(),
      in_reply_to_id: parent === undefined || parent.deleted === true ? null : parent.id,
      in_reply_to_account_id: parent?.account ?? null,
      sensitive: given.spoiler !== '',
      spoiler_text: given.spoiler,
      visibility: given.visibility,
      language: given.language,
      uri: address,
      url: address,
      replies_count: replies.length,
      reblogs_count: 0,
      favourites_count: 0,
      content: given.content,
      reblog: null,
      account: account(author),
      media_attachments: [],
      mentions: given.mentions.map((id) => {
        const { acct } = accounts.get(id)!;
        return { id, username: name(acct), acct, url: `https://${host(acct)}/@${name(acct)}` };
      }),
      tags: [],
      emojis: [],
      card: null,
      poll: null,
    };
  }

  return {
    account,
    status,
    notification: ({ id, type, createdAt, account: who, status: about }) => ({
      id,
      type,
      created_at: new Date(createdAt).toISOString(),
      group_key: `ungrouped-${id}`,
      account: account(accounts.get(who)!),
      ...(about === undefined ? {} : { status: status(statuses.get(about)!) }),
    }),
    instance: () => instance(domain, limits, streaming()),
  };
}

const ROLE = { id: '-99', name: '', permissions: '65536', color: '', highlighted: false };
const SOURCE = {
  attribution_domains: [],
  note: '',
  fields: [],
  privacy: 'public',
  quote_policy: 'public',
  sensitive: false,
  language: 'en',
  indexable: false,
  discoverable: true,
  hide_collections: null,
  follow_requests_count: 0,
};

function instance(domain: string, limits: Limits, streaming: string): object {
  const about = `https://${domain}/about`;
  const everybody = { local: 'public', remote: 'public' };
  return {
    domain,
    title: 'Simulated',
    version: '4.5.0',
    source_url: 'https://github.com/mastodon/mastodon',
    description: '',
    api_versions: { mastodon: 7 },
    usage: { users: { active_month: 1 } },
    thumbnail: { url: `https://${domain}/thumb.png`, blurhash: null },
    icon: [],
    languages: ['en'],
    configuration: {
      urls: { streaming, status: null, about, privacy_policy: null, terms_of_service: null },
      vapid: { public_key: 'x' },
      accounts: {
        max_featured_tags: 10,
        max_pinned_statuses: 5,
        max_profile_fields: 4,
        profile_field_name_limit: 255,
        profile_field_value_limit: 255,
      },
      statuses: {
        max_characters: limits.maxCharacters,
        max_media_attachments: 4,
        characters_reserved_per_url: limits.charactersPerUrl,
      },
      media_attachments: {
        description_limit: 1500,
        supported_mime_types: [],
        image_size_limit: 1,
        image_matrix_limit: 1,
        video_size_limit: 1,
        video_frame_rate_limit: 1,
        video_matrix_limit: 1,
      },
      polls: { max_options: 4, max_characters_per_option: 50, min_expiration: 300, max_expiration: 2629746 },
      translation: { enabled: false },
      limited_federation: false,
      timelines_access: { live_feeds: everybody, hashtag_feeds: everybody, trending_link_feeds: everybody },
    },
    registrations: {
      enabled: false,
      approval_required: false,
      reason_required: false,
      message: null,
      min_age: null,
      url: null,
    },
    contact: { email: `admin@${domain}`, account: null },
    rules: [],
  };
}
