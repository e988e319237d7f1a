import { countryOf } from '../../src/domain/country.js';

it.each([
  ['DE', 'de'],
  ['deu', 'de'],
  ['Deutschland', 'de'],
  ['Germany', 'de'],
  ['Alemania', 'de'],
  ['ドイツ', 'de'],
  ['UK', 'gb'],
  ['England', 'gb'],
  ['Great Britain', 'gb'],
  ['USA', 'us'],
  ['United States of America', 'us'],
  ['Österreich', 'at'],
  ['Congo', undefined],
  ['Atlantis', undefined],
  ['', undefined],
])('%s is %s', (text, code) => {
  expect(countryOf(text)).toBe(code);
});
