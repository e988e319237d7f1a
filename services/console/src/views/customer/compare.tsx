import type { AttributeValue, CustomerWhole, Difference, RecordInSystem } from '../../api/types.js';
import { Badge } from '../../parts/feedback.js';
import { Icon } from '../../parts/icon.js';
import { SystemName } from '../../parts/system.js';
import { Plain } from '../../parts/value.js';
import { here } from '../../router.js';
import { can } from '../../state/session.js';
import { ago, dateTime } from '../../text/time.js';
import { attributeLabel, attributesOf, compareAttributes, lineOf } from '../../text/values.js';

/** The merged record beside the records as their systems hold them, one line an attribute. */
export function CompareTable({ whole, unlink }: { whole: CustomerWhole; unlink(ref: string): void }) {
  const { customer, records } = whole;
  const merged = attributesOf(customer.state);
  const held = new Map(records.map((record) => [record.ref, record.state ? attributesOf(record.state) : new Map()]));
  const attributes = new Set([
    ...merged.keys(),
    ...[...held.values()].flatMap((state) => [...state.keys()]),
    ...records.flatMap(({ differences }) => differences.map(({ attribute }) => attribute)),
  ]);
  return (
    <section aria-labelledby="values">
      <div class="section-head">
        <h2 id="values">In each system</h2>
        <span class="small dim">What every system holds, and where and why it differs from the one record.</span>
        <a class="button quiet" href={here({ together: 'why' })}>
          {records.length === 1 ? 'Why is it alone?' : 'Why one customer?'}
        </a>
      </div>
      <div class="card table-scroll" role="region" aria-label="Table of all values" tabIndex={0}>
        <table class="compare">
          <thead>
            <tr>
              <th scope="col">
                <span class="hidden">Attribute</span>
              </th>
              <th scope="col" class="merged">
                One record
              </th>
              {records.map((record) => (
                <th scope="col" key={record.ref}>
                  <RecordHead record={record} alone={records.length === 1} unlink={() => unlink(record.ref)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...attributes].sort(compareAttributes).map((attribute) => (
              <tr key={attribute}>
                <th scope="row">{attributeLabel(attribute)}</th>
                <td class="merged">
                  <Plain attribute={attribute} value={merged.get(attribute)} />
                </td>
                {records.map((record) => (
                  <td key={record.ref}>
                    <HeldCell
                      attribute={attribute}
                      value={held.get(record.ref)?.get(attribute) as AttributeValue | undefined}
                      difference={record.differences.find((one) => one.attribute === attribute)}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function RecordHead({ record, alone, unlink }: { record: RecordInSystem; alone: boolean; unlink(): void }) {
  const { ref, system, version, open, deleted, differences } = record;
  const waiting = differences.filter(({ reason }) => reason === undefined).length;
  return (
    <div class="record-head">
      <SystemName system={system} />
      <code class="small">{ref.slice(system.length + 1)}</code>
      {version && version.major > 1e12 && <span class="small dim">{ago(version.major)}</span>}
      <span class="badges">
        {deleted && <Badge tone="bad">Deleted there</Badge>}
        {open && <Badge tone="warn">Write open since {dateTime(open.since)}</Badge>}
        {!open && waiting > 0 && <Badge tone="warn">{waiting} to be written</Badge>}
      </span>
      {!alone && (
        <span class="record-actions">
          <a class="button quiet" href={here({ pair: ref })}>
            Why here?<span class="hidden"> {ref}</span>
          </a>
          {can('steward') && (
            <button type="button" class="button quiet" onClick={unlink}>
              <Icon name="unlink" /> Unlink<span class="hidden"> {ref}</span>
            </button>
          )}
        </span>
      )}
    </div>
  );
}

/** Reasons why a record keeps another value, in the words of the page. */
const REASONS: Record<NonNullable<Difference['reason']>, string> = {
  acknowledged: 'the system rewrites it',
  rejected: 'refused by the system',
  uncertain: 'not known whether it was written',
  pending: 'being written',
  conflict: 'changed there meanwhile',
  quarantined: 'sent too often',
  'add-suppressed': 'removed there by hand',
  displaced: 'no place left there',
  'not-writable': 'can’t be written there',
  'clear-refused': 'may not be emptied there',
  duplicate: 'another record there is kept',
  deleted: 'deleted there',
};

function HeldCell({
  attribute,
  value,
  difference,
}: {
  attribute: string;
  value: AttributeValue | undefined;
  difference: Difference | undefined;
}) {
  return (
    <>
      <Plain attribute={attribute} value={value} />
      {difference && (
        <span class={`difference ${difference.reason === undefined ? 'waits' : ''}`}>
          {difference.reason === undefined
            ? `to become ${lineOf(attribute, difference.wanted)}`
            : `differs: ${REASONS[difference.reason]}`}
        </span>
      )}
    </>
  );
}
