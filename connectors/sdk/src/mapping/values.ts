import type { AttributeTarget } from './attributes.js';
import type { FieldRuleObject } from './config.js';
import { MappingMistake } from './mistake.js';
import { dateForm, isoForm, NO_DATE, type DateForm } from './dates.js';

type Scalar = string | number | boolean;

/** How one field writes one kind of value. */
export interface ValueForm {
  /** Undefined: the field says nothing. */
  read(text: string): { value: Scalar | undefined; problem?: { code: string; message: string } };
  /** Undefined: the field can't say this. */
  write(value: Scalar): Scalar | undefined;
}

const OPPOSITES: Readonly<Record<string, Scalar>> = {
  '1': '0',
  yes: 'no',
  Yes: 'No',
  YES: 'NO',
  y: 'n',
  Y: 'N',
  true: 'false',
  True: 'False',
  TRUE: 'FALSE',
  on: 'off',
  ja: 'nein',
  Ja: 'Nein',
  j: 'n',
  J: 'N',
  oui: 'non',
  x: '-',
  X: '-',
};

const TRUE = /^(?:true|1|yes|y|on|t)$/i;
const FALSE = /^(?:false|0|no|n|off|f)$/i;
const URI = /^[A-Za-z][A-Za-z0-9+.-]{0,63}:[^\s\u0000-\u001f\u007f-\u009f]+$/;

export function valueForm(rule: FieldRuleObject, target: AttributeTarget, where: string): ValueForm {
  const plain = plainForm(rule, target, where);
  return rule.values === undefined ? plain : translated(rule.values, plain);
}

function plainForm(rule: FieldRuleObject, target: AttributeTarget, where: string): ValueForm {
  if (target.type === 'element' && target.attribute === 'consents') return consentForm(rule, where);
  if (rule.date !== undefined) return dateValue(dateForm(rule.date), rule.date);
  if (target.type === 'scalar' && target.path === 'birthDate') return dateValue(isoForm, 'yyyy-mm-dd');
  if (target.type === 'element' && target.property === 'uri') return uriForm;
  if (rule.type === 'number') return numberForm;
  if (rule.type === 'boolean') return booleanForm;
  return textForm;
}

const textForm: ValueForm = { read: (text) => ({ value: text }), write: (value) => String(value) };

const uriForm: ValueForm = {
  read: (text) =>
    URI.test(text)
      ? { value: text }
      : {
          value: undefined,
          problem: { code: 'UNSILO_MAPPING_BAD_URI', message: 'no absolute address with its scheme' },
        },
  write: (value) => String(value),
};

const numberForm: ValueForm = {
  read(text) {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return { value };
    return { value: undefined, problem: { code: 'UNSILO_MAPPING_BAD_NUMBER', message: 'no number below 2^53' } };
  },
  write: (value) => (typeof value === 'number' ? value : undefined),
};

const booleanForm: ValueForm = {
  read(text) {
    if (TRUE.test(text.trim())) return { value: true };
    if (FALSE.test(text.trim())) return { value: false };
    return { value: undefined, problem: { code: 'UNSILO_MAPPING_BAD_BOOLEAN', message: 'neither yes nor no' } };
  },
  write: (value) => (typeof value === 'boolean' ? value : undefined),
};

function dateValue(form: DateForm, name: string): ValueForm {
  return {
    read(text) {
      if (NO_DATE.test(text.trim())) return { value: undefined };
      const date = form.parse(text.trim());
      if (date !== undefined) return { value: date };
      const message = `no date of the form ${name}, or a day that doesn't exist`;
      return { value: undefined, problem: { code: 'UNSILO_MAPPING_BAD_DATE', message } };
    },
    write: (value) => (isoForm.parse(String(value)) === undefined ? undefined : form.format(String(value))),
  };
}

/**
 * With `granted` alone every other value withdraws; with `withdrawn` alone every other value says nothing (a `do_not_call` of 0
 * is no permission).
 */
function consentForm(rule: FieldRuleObject, where: string): ValueForm {
  const { granted, withdrawn } = rule;
  if ((granted ?? []).length === 0 && (withdrawn ?? []).length === 0)
    throw new MappingMistake(
      'UNSILO_MAPPING_BAD_RULE',
      `${where}: a consent needs the values that grant or withdraw it`,
      "Write granted: ['1'] and withdrawn: ['0'], in the values of this field.",
    );
  const lower = (values: readonly Scalar[] | undefined) => values?.map((value) => String(value).trim().toLowerCase());
  const grants = lower(granted);
  const withdraws = lower(withdrawn);
  const yes = granted?.[0];
  const no =
    withdrawn?.[0] ?? (yes === undefined ? undefined : typeof yes === 'boolean' ? !yes : OPPOSITES[String(yes)]);
  return {
    read(text) {
      const value = text.trim().toLowerCase();
      if (grants?.includes(value)) return { value: 'granted' };
      if (withdraws === undefined || withdraws.includes(value)) return { value: 'withdrawn' };
      if (grants === undefined) return { value: undefined };
      const message = 'neither among the values that grant nor among those that withdraw';
      return { value: undefined, problem: { code: 'UNSILO_MAPPING_UNKNOWN_VALUE', message } };
    },
    write: (value) => (value === 'granted' ? yes : value === 'withdrawn' ? no : undefined),
  };
}

/** A table of the system's values before the plain form; values that it doesn't list pass through, told as a problem. */
function translated(table: Readonly<Record<string, Scalar>>, plain: ValueForm): ValueForm {
  return {
    read(text) {
      if (Object.hasOwn(table, text)) return { value: table[text] };
      const read = plain.read(text);
      if (read.problem !== undefined) return read;
      return {
        ...read,
        problem: { code: 'UNSILO_MAPPING_UNKNOWN_VALUE', message: 'not among the values of the mapping' },
      };
    },
    write(value) {
      const listed = Object.entries(table).find(([, meaning]) => meaning === value);
      return listed === undefined ? plain.write(value) : listed[0];
    },
  };
}
