import { canonicalHandle, canonicalUrl } from './contact.js';

/** Networks whose profile addresses name the account. */
const NETWORKS: readonly [host: RegExp, service: string, path: RegExp][] = [
  [/^(?:mobile\.)?(?:twitter|x)\.com$/, 'x', /^\/([a-z0-9_]{1,20})$/],
  [/^instagram\.com$/, 'instagram', /^\/([a-z0-9_.]{1,30})$/],
  [/^(?:[a-z]{2,3}\.)?linkedin\.com$/, 'linkedin', /^\/in\/([^/]+)$/],
  [/^github\.com$/, 'github', /^\/([a-z0-9-]{1,39})$/],
  [/^(?:m\.)?facebook\.com$/, 'facebook', /^\/([a-z0-9.]{3,50})$/],
  [/^bsky\.app$/, 'bluesky', /^\/profile\/([^/]+)$/],
  [/^(?:[a-z]+\.)?youtube\.com$/, 'youtube', /^\/@([^/]+)$/],
  [/^tiktok\.com$/, 'tiktok', /^\/@([^/]+)$/],
];
/** Paths of pages that are no profile. */
const PAGES: ReadonlySet<string> = new Set(
  'home login about share intent search explore help settings privacy terms'.split(' '),
);
const FEDERATED = /^\/@([a-z0-9_.-]+)$/;

/** The accounts that a page's address names: `https://x.com/ada` → `x:ada`, `https://social.example/@ada` → `mastodon:ada@social.example`. */
export function handlesOfUrl(text: string): string[] {
  const url = canonicalUrl(text);
  if (url === undefined) return [];
  const slash = url.indexOf('/');
  if (slash < 0) return [];
  const [host, path] = [url.slice(0, slash), url.slice(slash)];
  for (const [hosts, service, form] of NETWORKS) {
    if (!hosts.test(host)) continue;
    const user = form.exec(path)?.[1];
    return user === undefined || PAGES.has(user) ? [] : [canonicalHandle(service, user)];
  }
  const user = FEDERATED.exec(path)?.[1];
  return user === undefined ? [] : [canonicalHandle('mastodon', `${user}@${host}`)];
}
