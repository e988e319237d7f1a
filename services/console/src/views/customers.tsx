import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/client.js';
import type { CustomerPage } from '../api/types.js';
import { Answer, Empty } from '../parts/feedback.js';
import { Icon } from '../parts/icon.js';
import { Page, Pager } from '../parts/page.js';
import { SystemName } from '../parts/system.js';
import { go, href, place } from '../router.js';
import { useLoad } from '../state/load.js';
import { ago, count } from '../text/time.js';

const TYPING_MS = 250;
/** Characters that the server takes. */
const LONGEST = 500;

export function CustomersView() {
  const { query } = place.value;
  const text = query.get('text') ?? '';
  const cursor = query.get('cursor') ?? undefined;
  const found = useLoad(`customers ${text} ${cursor ?? ''}`, () =>
    api.get<CustomerPage>('/v1/customers', { text: text || undefined, cursor, limit: 25 }),
  );
  return (
    <Page title="Customers" lead="One record for each person and organization, made of what all systems say.">
      <Search text={text} />
      <Answer of={found}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              text === '' ? (
                <Empty icon="people" title="No customers yet">
                  They appear as soon as a system sends its first record. See the <a href={href(['flow'])}>flow</a>.
                </Empty>
              ) : (
                <Empty icon="search" title={`Nobody found for “${text}”`}>
                  Search for whole words of a name, an e-mail address, a phone number or a handle.
                </Empty>
              )
            ) : (
              <div class="card table-scroll">
                <table class="list">
                  <caption class="hidden">Customers</caption>
                  <thead>
                    <tr>
                      <th scope="col">Name</th>
                      <th scope="col">Known to</th>
                      <th scope="col" class="number">
                        Records
                      </th>
                      <th scope="col">Changed</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map(({ id, kind, name, systems, members, changedAt }) => (
                      <tr key={id}>
                        <th scope="row">
                          <a class="row-link" href={href(['customers', id])}>
                            <Icon name={kind === 'person' ? 'person' : 'building'} />
                            {name}
                          </a>
                        </th>
                        <td>
                          <span class="chips">
                            {systems.map((system) => (
                              <SystemName key={system} system={system} />
                            ))}
                          </span>
                        </td>
                        <td class="number">{count(members)}</td>
                        <td>
                          <time dateTime={changedAt}>{ago(changedAt)}</time>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            <Pager
              first={cursor === undefined ? undefined : href(['customers'], { text })}
              next={next === undefined ? undefined : href(['customers'], { text, cursor: next })}
            />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Search({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  // What was asked for from here: an address that follows it changes nothing of what has been typed since.
  const asked = useRef(text);
  useEffect(() => {
    if (text === asked.current) return;
    clearTimeout(waiting.current);
    asked.current = text;
    setTyped(text);
  }, [text]);
  useEffect(() => () => clearTimeout(waiting.current), []);
  const search = (value: string): void => {
    clearTimeout(waiting.current);
    const wanted = value.trim();
    if (wanted === asked.current) return;
    asked.current = wanted;
    go(href(['customers'], { text: wanted }), 'replace');
  };
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search(typed);
      }}
    >
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search customers"
        placeholder="Name, e-mail address, phone number or handle"
        maxLength={LONGEST}
        value={typed}
        onInput={(event) => {
          const { value } = event.currentTarget;
          setTyped(value);
          clearTimeout(waiting.current);
          waiting.current = setTimeout(() => search(value), TYPING_MS);
        }}
      />
      <kbd aria-hidden="true">Ctrl K</kbd>
    </form>
  );
}
