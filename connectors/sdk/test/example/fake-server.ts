import type { FakeAnswer, FakeRequest } from '../../src/testing.js';

export interface Contact {
  id: number;
  rev: number;
  seq: number;
  created: string;
  updated: string;
  fields: Record<string, string>;
  gone?: true;
  key?: string;
}

/** Longer texts are cut off. */
const COLUMN = 500;

/** The address book that the example talks to: contacts in order of their last change, writes conditional by `If-Match`. */
export function addressBookServer(token: string) {
  const contacts: Contact[] = [];
  let seq = 0;
  const time = () => new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString();
  /** As many characters as the column has. */
  const kept = (fields: Record<string, string>) =>
    Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, text.slice(0, COLUMN)]));

  function save(given: Record<string, string>, contact?: Contact, key?: string): Contact {
    const fields = kept(given);
    seq += 1;
    if (contact !== undefined) {
      Object.assign(contact.fields, fields);
      return Object.assign(contact, { rev: contact.rev + 1, seq, updated: time() });
    }
    const made = { id: contacts.length + 1, rev: 1, seq, created: time(), updated: time(), fields: { ...fields } };
    contacts.push(key === undefined ? made : { ...made, key });
    return contacts.at(-1)!;
  }

  function remove(contact: Contact): void {
    seq += 1;
    Object.assign(contact, { rev: contact.rev + 1, seq, updated: time(), gone: true });
  }

  function handle(request: FakeRequest): FakeAnswer {
    if (request.headers['authorization'] !== `Bearer ${token}`) return { status: 401 };
    const [, , id = '', key = ''] = request.path.split('/');
    if (request.method === 'GET') {
      const after = Number(request.query.get('after'));
      const page = contacts
        .filter((contact) => contact.seq > after)
        .sort((a, b) => a.seq - b.seq)
        .slice(0, Number(request.query.get('limit')));
      return { body: { contacts: page, next: page.at(-1)?.seq ?? after } };
    }
    const fields = JSON.parse(request.body.toString()) as Record<string, string>;
    if (fields['email'] !== undefined && !fields['email'].includes('@')) return { status: 422 };
    if (id === 'by-key')
      return { body: contacts.find((contact) => contact.key === key) ?? save(fields, undefined, key) };
    const contact = contacts.find((one) => String(one.id) === id);
    if (contact === undefined || contact.gone === true) return { status: 404 };
    if (request.headers['if-match'] !== String(contact.rev)) return { status: 412, body: contact };
    const before = structuredClone(contact);
    return { body: { before, after: save(fields, contact) } };
  }

  return { contacts, save, remove, handle };
}
