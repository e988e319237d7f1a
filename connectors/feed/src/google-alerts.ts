/** Hosts of Google, with country domains: `www.google.com`, `google.co.uk`. */
const GOOGLE = /^(?:www\.|news\.)?google\.(?:[a-z]{2,3}|com?\.[a-z]{2})$/;

/** Whether a feed or an entry is one of Google Alerts: `tag:google.com,2005:reader/user/…` and `tag:google.com,2013:googlealerts/…`. */
export function isGoogleAlert(id: string | undefined, address: string | undefined): boolean {
  if (id !== undefined && /^tag:google\.com,\d{4}:(?:googlealerts|reader\/user)\//.test(id)) return true;
  try {
    const { hostname, pathname } = new URL(address ?? '');
    return GOOGLE.test(hostname) && pathname.startsWith('/alerts/feeds/');
  } catch {
    return false;
  }
}

/** The address behind a redirect of Google (`https://www.google.com/url?…&url=…`); any other address as it is. */
export function withoutGoogleRedirect(address: string): string {
  try {
    const { hostname, pathname, searchParams } = new URL(address);
    if (!GOOGLE.test(hostname) || pathname !== '/url') return address;
    for (const name of ['url', 'q']) {
      const target = searchParams.get(name);
      if (target === null || !/^https?:\/\//i.test(target)) continue;
      return new URL(target).href;
    }
    return address;
  } catch {
    return address;
  }
}
