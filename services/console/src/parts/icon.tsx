/** Line drawings of 16 by 16, in the colour of the text around them. */
const DRAWINGS = {
  flow: 'M2 5h7m-2-2 2 2-2 2M14 11H7m2-2-2 2 2 2',
  people:
    'M6 7.5A2.5 2.5 0 1 0 6 2.5a2.5 2.5 0 0 0 0 5Zm-4.5 6c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3.2a2.2 2.2 0 0 1 0 4.2m1.2 2.4c1.5.5 2.3 1.9 2.3 3.7',
  letters: 'M2 4h12v8.5H2ZM2 4.5l6 4.5 6-4.5',
  decisions: 'M4 2v12M4 6h3a3 3 0 0 1 3 3v0a3 3 0 0 0 3 3m0 0-2-2m2 2-2 2M4 6',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3.2v9.6l7.5-4.8Z',
  in: 'M8 2v9M4.5 7.5 8 11l3.5-3.5M3 14h10',
  out: 'M8 11V2M4.5 5.5 8 2l3.5 3.5M3 14h10',
  hub: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 5.5V2M8 14v-3.5M5.8 9.2 3 11M10.2 9.2 13 11',
  close: 'M4 4l8 8M12 4l-8 8',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z',
  auto: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 5h3.5M8 8h6M8 11h3.5',
  leave: 'M6 2.5H3v11h3M10.5 5l3 3-3 3M13 8H6',
  reply: 'M6 4 2.5 7.5 6 11M2.5 7.5h7a4 4 0 0 1 4 4V13',
  case: 'M2.5 5h11v8h-11ZM6 5V3h4v2M2.5 8.5h11',
  link: 'M6.5 9.5l3-3M7 5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.5 1.5a2.8 2.8 0 0 1-4-4L5 7',
  unlink: 'M7 5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.5 1.5a2.8 2.8 0 0 1-4-4L5 7M3 3l10 10',
  erase: 'M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4',
  pin: 'M8 10v4M5 2.5h6M6 2.5 5.5 7 4 10h8l-1.5-3L10 2.5',
  person: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c0-3 2.4-4.5 5.5-4.5s5.5 1.5 5.5 4.5',
  building: 'M3 14V2.5h7V14M10 6.5h3V14M1.5 14h13M5.5 5.5h2M5.5 8h2M5.5 10.5h2',
  outside: 'M9 2.5h4.5V7M13.5 2.5 7.5 8.5M12 9.5v4H2.5V4h4',
  check: 'M3 8.5 6.5 12 13 4.5',
  warning: 'M8 2 1.5 13.5h13ZM8 6.5v3.5M8 11.8v.2',
  copy: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  message: 'M2 3h12v8H7l-3 2.5V11H2Z',
} as const;

export type IconName = keyof typeof DRAWINGS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={DRAWINGS[name]} />
    </svg>
  );
}
