/** A line `{{#part}}` begins lines that stand only with a part, `{{^part}}` those that stand only without it; `{{/part}}` ends them. */
const SECTION = /^\{\{([#^/])(\w+)\}\}$/;

/**
 * The text of a template: sections kept or left out, and `{{name}}` replaced by what it stands for.
 * @throws RangeError for a section that isn't closed or a name that stands for nothing: the template is wrong.
 */
export function render(template: string, values: Readonly<Record<string, string>>, parts: ReadonlySet<string>): string {
  const open: { part: string; kept: boolean }[] = [];
  const lines = template.split('\n').filter((line) => {
    const [, sign, part = ''] = SECTION.exec(line) ?? [];
    if (sign === undefined) return open.every(({ kept }) => kept);
    if (sign !== '/') open.push({ part, kept: parts.has(part) === (sign === '#') });
    else if (open.pop()?.part !== part) throw new RangeError(`The section ${part} ends where it was not begun.`);
    return false;
  });
  if (open.length > 0) throw new RangeError(`The section ${String(open.at(-1)?.part)} does not end.`);
  return lines.join('\n').replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`{{${name}}} stands for nothing.`);
    return value;
  });
}
