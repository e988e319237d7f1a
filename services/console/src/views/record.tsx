import { useEffect } from 'preact/hooks';
import { api, path, refParts } from '../api/client.js';
import type { RecordKnown } from '../api/types.js';
import { Answer, Empty } from '../parts/feedback.js';
import { Page } from '../parts/page.js';
import { go, href } from '../router.js';
import { useLoad } from '../state/load.js';

/** The address of one record of one system: leads on to its customer. */
export function RecordView({ refText }: { refText: string }) {
  const record = useLoad(refText, () => api.get<RecordKnown>(path('refs', ...refParts(refText))));
  const customer = record.data?.customer;
  useEffect(() => {
    if (customer !== undefined) go(href(['customers', customer]), 'replace');
  }, [customer]);
  return (
    <Page title="Record" lead={<code>{refText}</code>}>
      <Answer of={record}>
        {() =>
          customer === undefined && (
            <Empty icon="person" title="This record belongs to no customer">
              It may still be on its way through the hub. Look again in a moment.
            </Empty>
          )
        }
      </Answer>
    </Page>
  );
}
