import { isAlike, isOneEdit } from './similarity.js';
import { fold, words } from './text.js';

/** Legal forms, which one spelling has and the other hasn't. Folded. */
const LEGAL_FORMS: ReadonlySet<string> = new Set(
  'inc incorporated corp corporation co company companies ltd limited llc llp lp plc pty gmbh ag kg ohg ug gbr ev eg se mbh sa sas sarl sasu eurl spa srl snc bv nv vof cv oy oyj ab as asa aps kft zrt sro doo ood eood sp zoo jsc pjsc ooo oao zao pte sdn bhd kk cia ltda sl slu scrl sprl'.split(
    ' ',
  ),
);
/** Words that many names have; `2` counts a quarter of an ordinary word. */
const COMMON: ReadonlySet<string> = new Set(
  'the and of und et y e de la le los las el der die das for at in on a an by international global group holding holdings services service solutions systems management consulting partners associates industries enterprises trading technologies technology bank insurance hotel restaurant cafe bar grill inn house store shop center centre medical clinic hospital school college university church national american united first general new north south east west city county state central'.split(
    ' ',
  ),
);
const SPELLED: Readonly<Record<string, string>> = {
  intl: 'international',
  int: 'international',
  mfg: 'manufacturing',
  svcs: 'services',
  svc: 'service',
  assoc: 'associates',
  bros: 'brothers',
  dept: 'department',
  natl: 'national',
  univ: 'university',
  tech: 'technology',
  mgmt: 'management',
  ctr: 'center',
  centre: 'center',
  st: 'saint',
  grp: 'group',
};

/** Folded, without legal forms unless nothing else is left; common abbreviations written out. */
export function canonicalOrganization(text: string): string {
  const plain = text.replace(/&/g, ' and ').replace(/\b([A-Za-z])\.(?=[A-Za-z]\b)/g, '$1');
  const all = words(fold(plain)).map((word) => SPELLED[word] ?? word);
  const names = all.filter((word) => !LEGAL_FORMS.has(word) && word !== 'and' && word !== 'the');
  return (names.length > 0 ? names : all).join(' ');
}

function weightOf(word: string): number {
  if (COMMON.has(word)) return 1;
  return word.length <= 2 ? 2 : 4;
}

/** Levels of `organization`, by index. */
const ORGANIZATION = { exact: 0, strong: 1, partial: 2, acronym: 3, weak: 4, differs: 5 } as const;

/** Two canonical names, `a` before `b` in text order. */
export function compareOrganizations(a: string, b: string): number {
  if (a === b) return ORGANIZATION.exact;
  const [x, y] = [words(a), words(b)];
  const [joinedA, joinedB] = [x.join(''), y.join('')];
  if (joinedA === joinedB) return ORGANIZATION.exact;
  const { dice, ofSmaller, weightOfSmaller } = overlap(x, y);
  if (dice >= 0.999) return ORGANIZATION.exact;
  if (dice >= 0.84 || (Math.min(joinedA.length, joinedB.length) >= 5 && isOneEdit(joinedA, joinedB)))
    return ORGANIZATION.strong;
  if (ofSmaller >= 0.999 && weightOfSmaller >= 4) return dice >= 0.6 ? ORGANIZATION.strong : ORGANIZATION.partial;
  if (dice >= 0.6 || isAlike(joinedA, joinedB, 0.92)) return ORGANIZATION.partial;
  if (isAcronym(joinedA, y) || isAcronym(joinedB, x)) return ORGANIZATION.acronym;
  return dice >= 0.35 ? ORGANIZATION.weak : ORGANIZATION.differs;
}

/** Each word is used once, exact pairs first, so that the outcome doesn't depend on the order of the words. */
function overlap(
  a: readonly string[],
  b: readonly string[],
): { dice: number; ofSmaller: number; weightOfSmaller: number } {
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  const left = new Map<string, number>();
  for (const word of many) left.set(word, (left.get(word) ?? 0) + 1);
  const take = (word: string): void => void left.set(word, (left.get(word) ?? 1) - 1);
  let shared = 0;
  const open: string[] = [];
  for (const word of few) {
    if ((left.get(word) ?? 0) > 0) {
      take(word);
      shared += weightOf(word);
    } else open.push(word);
  }
  for (const word of open.sort()) {
    let best: string | undefined;
    for (const [other, count] of left) {
      if (count <= 0 || word.length < 4 || !isNear(word, other)) continue;
      if (best === undefined || other < best) best = other;
    }
    if (best === undefined) continue;
    take(best);
    shared += Math.min(weightOf(word), weightOf(best)) * 0.9;
  }
  const weightA = sum(few);
  const weightB = sum(many);
  return {
    dice: (2 * shared) / (weightA + weightB),
    ofSmaller: shared / Math.min(weightA, weightB),
    weightOfSmaller: Math.min(weightA, weightB),
  };
}

/** One edit apart, or one is the beginning of the other: `int'l`, `constr`. */
function isNear(a: string, b: string): boolean {
  if (b.length < 4) return false;
  return isOneEdit(a, b) || a.startsWith(b) || b.startsWith(a) || isAlike(a, b, 0.93);
}

function sum(all: readonly string[]): number {
  return all.reduce((total, word) => total + weightOf(word), 0);
}

function isAcronym(short: string, long: readonly string[]): boolean {
  if (long.length < 2 || short.length < 2 || short.length > 6) return false;
  const letters = long.map((word) => word.charAt(0)).join('');
  const ofNames = long
    .filter((word) => word.length > 2)
    .map((word) => word.charAt(0))
    .join('');
  return short === letters || short === ofNames;
}
