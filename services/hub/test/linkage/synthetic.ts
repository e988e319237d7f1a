import type { LinkageRecord } from '../../src/domain/linkage/profile.js';
import { Random } from './random.js';

/** Records of known parties, with the errors and the shared values of customer data. */
export interface Labelled {
  records: LinkageRecord[];
  /** Party by ref. */
  truth: Map<string, string>;
}

const GIVEN =
  'james mary john patricia robert jennifer michael linda william elizabeth david barbara richard susan joseph jessica thomas sarah charles karen daniel lisa matthew nancy anthony betty mark sandra donald ashley steven kimberly paul emily andrew donna joshua michelle kenneth carol kevin amanda brian melissa george deborah edward stephanie ronald rebecca timothy sharon jason laura jeffrey cynthia ryan dorothy jacob amy gary kathleen nicholas angela eric shirley jonathan emma stephen brenda larry pamela justin nicole scott anna brandon samantha benjamin katherine samuel christine gregory debra alexander rachel patrick carolyn frank janet'.split(
    ' ',
  );
const ROOTS =
  'bar ben cal car den dor el fen gar hal har kel lan mar mor nor pat pen ral ros sal sen tal tor van wal wes win'.split(
    ' ',
  );
const ENDS = 'ton son ley man ford ham by well stone field er ing ard ers s wood worth more den low'.split(' ');
const SURNAMES = ['smith', 'johnson', 'brown', 'jones', ...ROOTS.flatMap((root) => ENDS.map((end) => root + end))];
const STREETS = ROOTS.flatMap((root) => ENDS.slice(0, 9).map((end) => `${root}${end}`));
const CITIES = ROOTS.flatMap((root) => ['bury', 'mouth', 'chester'].map((end) => `${root}${end}`));
const PROVIDERS = ['gmail.com', 'yahoo.com', 'outlook.com', 'web.de', 'mailbox.org'];
const NICK: Readonly<Record<string, string>> = {
  robert: 'bob',
  william: 'bill',
  elizabeth: 'liz',
  michael: 'mike',
  james: 'jim',
  jennifer: 'jenny',
  thomas: 'tom',
  katherine: 'kate',
  richard: 'rick',
  patricia: 'pat',
};

interface Person {
  given: string;
  surname: string;
  birth: string;
  email: string;
  phone: string;
  number: string;
  street: string;
  city: string;
  postcode: string;
}

function typo(random: Random, text: string): string {
  if (text.length < 3) return text;
  const at = random.below(text.length - 1);
  const letter = String.fromCharCode(97 + random.below(26));
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + letter + text.slice(at);
    case 2:
      return text.slice(0, at) + letter + text.slice(at + 1);
    default:
      return text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
  }
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.below(10)).join('');
}

function birthDate(random: Random): string {
  return `${1935 + random.below(70)}-${String(1 + random.below(12)).padStart(2, '0')}-${String(1 + random.below(28)).padStart(2, '0')}`;
}

function home(random: Random): Pick<Person, 'number' | 'street' | 'city' | 'postcode' | 'phone'> {
  return {
    number: String(1 + random.below(200)),
    street: `${random.pick(STREETS)} ${random.pick(['street', 'road', 'lane', 'avenue'])}`,
    city: random.skewed(CITIES),
    postcode: digits(random, 5),
    phone: `+4420${digits(random, 8)}`,
  };
}

function person(random: Random): Person {
  const given = random.skewed(GIVEN);
  const surname = random.skewed(SURNAMES);
  const email = `${random.pick([`${given}.${surname}`, given.charAt(0) + surname, `${given}${digits(random, 3)}`])}@${random.pick(PROVIDERS)}`;
  return { given, surname, birth: birthDate(random), email, ...home(random) };
}

/** Shares of values that are wrong or absent in a record. */
export interface Noise {
  missing: number;
  wrong: number;
  /** A person who moved, or changed phone or mail. */
  changed: number;
}

function stated(random: Random, ref: string, truth: Person, { missing, wrong, changed }: Noise): LinkageRecord {
  const say = (text: string): string =>
    random.chance(missing) ? '' : random.chance(wrong) ? typo(random, text) : text;
  const other = random.chance(changed) ? home(random) : truth;
  let given = say(random.chance(0.15) ? (NICK[truth.given] ?? truth.given) : truth.given);
  let surname = say(truth.surname);
  if (random.chance(0.03)) [given, surname] = [surname, given];
  if (given !== '' && random.chance(0.03)) given = given.charAt(0);
  return {
    ref,
    kind: 'person',
    names: [{ given, surname }],
    addresses: [
      {
        number: say(other.number),
        street: say(other.street),
        locality: say(other.city),
        postcode: say(other.postcode),
      },
    ],
    values: {
      birthDate: [say(truth.birth)],
      emails: [random.chance(changed) ? '' : say(truth.email)],
      phones: [say(random.chance(changed) ? `+4477${digits(random, 8)}` : other.phone)],
    },
  };
}

/**
 * Persons with one to `most` records each. A third live in families that share surname, address and phone.
 * @param mailboxes Every how many-eth relative uses the mailbox of the family; none by default.
 */
export function customers(seed: number, count: number, noise: Noise, most = 4, mailboxes = Infinity): Labelled {
  const random = new Random(seed);
  const records: LinkageRecord[] = [];
  const truth = new Map<string, string>();
  let family: Person | undefined;
  for (let i = 0; records.length < count; i += 1) {
    const one = person(random);
    const isRelative = family !== undefined && random.chance(0.33);
    if (family && isRelative) {
      const { surname, number, street, city, postcode, phone } = family;
      Object.assign(one, { surname, number, street, city, postcode, phone });
      if (i % mailboxes === 0) one.email = family.email;
    }
    family = one;
    for (let copy = 0; copy < 1 + random.below(most); copy += 1) {
      const ref = `s${copy}/${String(i)}-${digits(random, 4)}`;
      if (truth.has(ref)) continue;
      truth.set(ref, String(i));
      records.push(stated(random, ref, one, noise));
    }
  }
  return { records: random.shuffle(records), truth };
}

/** Sites of companies: chains with one name in many places, centres with many names at one address, one phone for several sites. */
export function sites(seed: number, count: number): Labelled {
  const random = new Random(seed);
  const records: LinkageRecord[] = [];
  const truth = new Map<string, string>();
  const kinds = ['restaurant', 'clinic', 'garage', 'bakery', 'hotel', 'bank', 'store', 'school'];
  const chains = Array.from({ length: 12 }, () => `${random.pick(STREETS)} ${random.pick(kinds)}`);
  let place = home(random);
  for (let i = 0; records.length < count; i += 1) {
    const isCentre = random.chance(0.2);
    place = isCentre ? place : home(random);
    const phone = random.chance(0.1) ? place.phone : `+4420${digits(random, 8)}`;
    const name = random.chance(0.15)
      ? random.pick(chains)
      : `${random.pick(SURNAMES)} ${random.chance(0.5) ? `& ${random.pick(SURNAMES)} ` : ''}${random.pick(kinds)}`;
    const city = random.skewed(CITIES.slice(0, 12));
    for (let copy = 0; copy < 1 + random.below(3); copy += 1) {
      const ref = `${['register', 'directory', 'crm'][copy] ?? 'x'}/${i}`;
      truth.set(ref, String(i));
      const legal = random.pick(['', ' Ltd', ' Limited', ' Inc.', ' LLC']);
      const written = random.chance(0.2)
        ? typo(random, name)
        : random.chance(0.1)
          ? name.replace(/ [a-z]+$/, '')
          : name;
      records.push({
        ref,
        kind: 'organization',
        names: [{ full: written + legal }],
        addresses: [
          {
            street: `${place.number} ${random.chance(0.1) ? typo(random, place.street) : place.street}`,
            locality: city,
            ...(random.chance(0.3) ? {} : { postcode: place.postcode }),
          },
        ],
        values: { phones: random.chance(0.25) ? [] : [phone] },
      });
    }
  }
  return { records: random.shuffle(records), truth };
}

/** Historical persons of whom many records speak: birth date, place and occupation, no contact; half of the values differ somehow. */
export function historical(seed: number, count: number): Labelled {
  const random = new Random(seed);
  const records: LinkageRecord[] = [];
  const truth = new Map<string, string>();
  const trades =
    'writer painter politician soldier priest merchant physician lawyer engineer composer actor sculptor'.split(' ');
  for (let i = 0; records.length < count; i += 1) {
    const one = person(random);
    const middle = random.chance(0.4) ? ` ${random.pick(GIVEN)}` : '';
    const trade = random.skewed(trades);
    const birthplace = random.skewed(CITIES);
    for (let copy = 0; copy < 1 + random.below(18); copy += 1) {
      const ref = `h/${i}-${copy}`;
      truth.set(ref, String(i));
      const say = (text: string, share = 0.25): string =>
        random.chance(share) ? typo(random, random.chance(0.2) ? typo(random, text) : text) : text;
      const maybe = (text: string, absent: number): string[] => (random.chance(absent) ? [] : [say(text, 0.15)]);
      records.push({
        ref,
        kind: 'person',
        names: [
          {
            given: random.chance(0.08) ? random.pick(GIVEN) : say(one.given + (random.chance(0.5) ? middle : '')),
            ...(random.chance(0.04) ? {} : { surname: say(one.surname) }),
          },
        ],
        addresses: random.chance(0.2)
          ? []
          : [{ postcode: random.chance(0.25) ? digits(random, 5) : say(one.postcode, 0.15) }],
        values: {
          birthDate: random.chance(0.1) ? [] : [random.chance(0.15) ? birthDate(random) : say(one.birth, 0.1)],
          'extra.birthplace': maybe(birthplace, 0.25),
          'extra.trade': maybe(trade, 0.25),
        },
      });
    }
  }
  return { records: random.shuffle(records), truth };
}
