import type { LinkageRecord } from '../../src/domain/linkage/profile.js';
import { Random } from './random.js';
import type { Labelled } from './synthetic.js';

/** Names as lists spell them. */
const GIVEN = [
  ['mohammed', 'muhammad', 'mohamed'],
  ['yusuf', 'yousef', 'youssef'],
  ['ahmad', 'ahmed'],
  ['khalid', 'khaled'],
  ['sergey', 'sergei', 'serguei'],
  ['dmitry', 'dmitri', 'dimitri'],
  ['alexander', 'aleksandr', 'alexandre'],
  ['yuri', 'yury', 'iouri'],
  ['natalia', 'natalya'],
  ['ekaterina', 'yekaterina'],
  ['jose', 'josé'],
  ['carlos'],
  ['kim'],
  ['wei'],
  ['abdul rahman', 'abdulrahman', 'abd al-rahman'],
  ['fatima', 'fatimah'],
] as const;
const SURNAMES = [
  ['al-hakimi', 'al hakimi', 'hakimi'],
  ['haddad', 'hadad'],
  ['rahmani', 'rahmany'],
  ['ivanov', 'ivanoff'],
  ['kuznetsov', 'kuznetzov'],
  ['tarasov', 'tarassov'],
  ['morozov'],
  ['petrenko'],
  ['gonzalez', 'gonzales'],
  ['ramirez perez', 'ramirez'],
  ['okafor'],
  ['chol'],
  ['zhang', 'chang'],
  ['bin saleh', 'ben salah'],
  ['qasim', 'kassem', 'qassem'],
  ['volkov', 'wolkow'],
] as const;
const WORDS = 'gulf orient delta meridian falcon caspian atlas polar levant baltic amber crescent steppe harbour'.split(
  ' ',
);
const TRADES = 'trading shipping holding petroleum exchange logistics construction'.split(' ');
const FORMS = [
  ['ltd', 'limited'],
  ['llc', 'l.l.c.'],
  ['ooo', 'llc'],
  ['co', 'company'],
] as const;
const CITIES = 'damascus dubai moscow minsk limassol caracas pyongyang tripoli beirut odessa'.split(' ');
const LISTS = ['un', 'eu', 'us', 'uk'] as const;

interface Home {
  street: string;
  locality: string;
}

/**
 * A watch list put together from several: persons under several spellings with birth dates of which often no more than the year is known, brothers,
 * companies of like names at the address and phone of one agent, and the persons behind them at the same address.
 */
export function watchList(seed: number, count: number): Labelled {
  const random = new Random(seed);
  const records: LinkageRecord[] = [];
  const truth = new Map<string, string>();
  const digits = (n: number): string => Array.from({ length: n }, () => random.below(10)).join('');
  const home = (): Home => ({
    street: `${1 + random.below(90)} ${random.pick(WORDS)} street`,
    locality: random.pick(CITIES),
  });
  const agents = Array.from({ length: 4 }, () => ({ ...home(), phone: `+9714${digits(7)}` }));
  const add = (party: string, list: number, record: Omit<LinkageRecord, 'ref'>): void => {
    const ref = `${LISTS[list] ?? 'x'}/${party}`;
    truth.set(ref, party);
    records.push({ ref, ...record });
  };
  /** Of some lists, in their order. */
  const listed = (): number[] => LISTS.map((_, i) => i).filter((i) => i === 0 || random.chance(0.5));

  let brother: { surname: (typeof SURNAMES)[number]; place: Home } | undefined;
  for (let i = 0; records.length < count; i += 1) {
    const agent = random.pick(agents);
    if (random.chance(0.3)) {
      const [first, second] = [random.pick(WORDS), random.pick(WORDS)];
      const [trade, form] = [random.pick(TRADES), random.pick(FORMS)];
      const [registration, place] = [digits(8), random.chance(0.6) ? agent : home()];
      for (const list of listed()) {
        const written = `${first}${random.chance(0.7) ? ` ${second}` : ''} ${trade} ${random.pick(form)}`;
        add(`o${i}`, list, {
          kind: 'organization',
          names: [{ full: written }],
          addresses: random.chance(0.2) ? [] : [{ street: place.street, locality: place.locality }],
          values: {
            phones: random.chance(0.4) ? [agent.phone] : [],
            ...(random.chance(0.5) ? { 'identifiers:registration': [registration] } : {}),
          },
        });
      }
      continue;
    }
    const [given, surname] = [
      random.pick(GIVEN),
      random.chance(0.2) && brother ? brother.surname : random.pick(SURNAMES),
    ];
    const place = random.chance(0.25) && brother ? brother.place : random.chance(0.2) ? agent : home();
    brother = { surname, place };
    const [year, rest, passport] = [
      1945 + random.below(50),
      `-0${1 + random.below(9)}-1${random.below(10)}`,
      digits(9),
    ];
    for (const list of listed()) {
      const names = [{ given: random.pick(given), surname: random.pick(surname) }];
      if (random.chance(0.3)) names.push({ given: random.pick(given), surname: random.pick(surname) });
      const born = random.chance(0.2) ? [] : [random.chance(0.3) ? String(year) : `${year}${rest}`];
      add(`p${i}`, list, {
        kind: 'person',
        names,
        addresses: random.chance(0.4) ? [] : [{ street: place.street, locality: place.locality }],
        values: { birthDate: born, ...(random.chance(0.4) ? { 'identifiers:passport': [passport] } : {}) },
      });
    }
  }
  return { records: random.shuffle(records), truth };
}
