import { openRecordsWindow, type RecordsWindow } from '../../src/demonstration/records-window.js';

describe('the window on the simulated systems', () => {
  let now = 1_000_000;
  let name = '<b>Ada & "Co"</b>';
  let window: RecordsWindow;
  beforeAll(async () => {
    const source = {
      system: 'crm',
      title: 'CRM',
      about: 'A simulated CRM.',
      tables: () => [{ name: 'Contacts', key: 'id', columns: ['id', 'name'], rows: [{ id: '1', name }] }],
    };
    window = await openRecordsWindow(
      [source],
      { '/feed.xml': () => ({ type: 'application/xml', body: '<rss/>' }) },
      {
        now: () => now,
      },
    );
  });
  afterAll(() => window.close());

  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`${window.url}${path}`, { method });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('shows records as text, whatever stands in them, on a page that runs nothing', async () => {
    const { status, headers, text } = await get('/crm');
    expect(status).toBe(200);
    expect(text).not.toContain('<b>');
    expect(text).toContain('&#60;b&#62;Ada &#38; &#34;Co&#34;&#60;/b&#62;');
    expect(text).toContain('simulated');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('gives programs the same as JSON', async () => {
    expect(JSON.parse((await get('/crm.json')).text)).toEqual({
      system: 'crm',
      title: 'CRM',
      simulated: true,
      tables: [{ name: 'Contacts', key: 'id', columns: ['id', 'name'], rows: [{ id: '1', name }] }],
    });
  });

  it('marks what changed, for a while', async () => {
    expect((await get('/crm')).text).not.toContain('class="fresh"');
    name = 'Grace';
    expect((await get('/crm')).text).toContain('<td class="fresh">Grace</td>');
    now += 60_000;
    expect((await get('/crm')).text).toContain('<td>Grace</td>');
  });

  it('publishes the files that it was given, and nothing else', async () => {
    expect(await get('/feed.xml')).toMatchObject({ status: 200, text: '<rss/>' });
    for (const path of ['/shop', '/crm/1', '/__proto__', '/../etc/passwd']) expect((await get(path)).status).toBe(404);
  });

  it('is read only', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect((await get('/crm.json', method)).status).toBe(405);
  });
});
