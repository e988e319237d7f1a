import type { Customer, Provenance } from '../../api/types.js';
import { Dot } from '../../parts/system.js';
import { One } from '../../parts/value.js';
import { here } from '../../router.js';
import { systemTitle } from '../../state/systems.js';
import { plural } from '../../text/time.js';
import { attributeLabel, compareAttributes, elementsOf, lineOf } from '../../text/values.js';

/** The merged record; every value leads to who said it. */
export function Profile({ customer }: { customer: Customer }) {
  const byAttribute = new Map<string, Provenance[]>();
  for (const entry of customer.provenance) {
    if (entry.value === null) continue;
    byAttribute.set(entry.attribute, [...(byAttribute.get(entry.attribute) ?? []), entry]);
  }
  const attributes = [...byAttribute.keys()].sort(compareAttributes);
  return (
    <section aria-labelledby="one-record">
      <div class="section-head">
        <h2 id="one-record">One record</h2>
        <span class="small dim">Choose a value to see who said it.</span>
      </div>
      <dl class="profile card">
        {attributes.map((attribute) => (
          <div key={attribute}>
            <dt>{attributeLabel(attribute)}</dt>
            <dd>
              <ul class="values">
                {(byAttribute.get(attribute) ?? []).map((entry) => (
                  <li key={entry.element ?? ''}>
                    <Value entry={entry} />
                  </li>
                ))}
              </ul>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Value({ entry }: { entry: Provenance }) {
  const { attribute, element, value, from, alternatives } = entry;
  const system = from.ref.split('/', 1)[0] ?? '';
  const line = lineOf(attribute, value);
  const others = new Set(alternatives.map((other) => lineOf(attribute, other.value)).filter((other) => other !== line));
  return (
    <>
      <span title={`Said by ${systemTitle(system)}`}>
        <Dot system={system} />
      </span>
      <a href={here({ explain: attribute, element })}>
        <One attribute={attribute} value={elementsOf(value)[0]} />
        <span class="hidden">explain</span>
      </a>
      {element === undefined && others.size > 0 && <span class="small dim">{plural(others.size, 'other value')}</span>}
    </>
  );
}
