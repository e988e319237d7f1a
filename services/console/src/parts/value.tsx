import type { AttributeValue } from '../api/types.js';
import { elementsOf, inWords } from '../text/values.js';

/** All of a value, one line an element. */
export function Plain({ attribute, value }: { attribute: string; value: AttributeValue | undefined }) {
  const elements = elementsOf(value);
  if (elements.length === 0) {
    return (
      <span class="none">
        <span aria-hidden="true">–</span>
        <span class="hidden">nothing</span>
      </span>
    );
  }
  return (
    <ul class="values">
      {elements.map((one, i) => (
        <li key={i}>
          <span>
            <One attribute={attribute} value={one} linked />
          </span>
        </li>
      ))}
    </ul>
  );
}

type Element = ReturnType<typeof elementsOf>[number];

/** One element; web addresses become links where they may. */
export function One({
  attribute,
  value,
  linked = false,
}: {
  attribute: string;
  value: Element | undefined;
  linked?: boolean;
}) {
  if (value === undefined) return null;
  const { text, note, link } = inWords(attribute, value);
  return (
    <>
      {linked && link !== undefined ? (
        <a href={link} target="_blank" rel="noopener noreferrer">
          {text}
        </a>
      ) : (
        text
      )}
      {note !== undefined && <span class="small dim"> {note}</span>}
    </>
  );
}
