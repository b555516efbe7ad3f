const capitals: Readonly<Record<string, string>> = {
  argentina: 'Buenos Aires',
  australia: 'Canberra',
  austria: 'Vienna',
  belgium: 'Brussels',
  brazil: 'Brasília',
  canada: 'Ottawa',
  chile: 'Santiago',
  china: 'Beijing',
  denmark: 'Copenhagen',
  egypt: 'Cairo',
  england: 'London',
  finland: 'Helsinki',
  france: 'Paris',
  germany: 'Berlin',
  greece: 'Athens',
  hungary: 'Budapest',
  india: 'New Delhi',
  indonesia: 'Jakarta',
  ireland: 'Dublin',
  italy: 'Rome',
  japan: 'Tokyo',
  kenya: 'Nairobi',
  mexico: 'Mexico City',
  netherlands: 'Amsterdam',
  nigeria: 'Abuja',
  norway: 'Oslo',
  peru: 'Lima',
  poland: 'Warsaw',
  portugal: 'Lisbon',
  romania: 'Bucharest',
  'south korea': 'Seoul',
  spain: 'Madrid',
  sweden: 'Stockholm',
  switzerland: 'Bern',
  thailand: 'Bangkok',
  turkey: 'Ankara',
  uk: 'London',
  'united kingdom': 'London',
  'united states': 'Washington, D.C.',
  usa: 'Washington, D.C.',
  vietnam: 'Hanoi',
};

/** A short true answer to one of the questions everybody tries first; null when the text asks something else. */
export function factIn(text: string): { readonly short: string; readonly sentence: string } | null {
  const asked = /\bcapital(?: city)? of (?:the )?([A-Za-z ]+)/i.exec(text)?.[1]?.trim().toLowerCase();
  if (asked === undefined) return null;
  const country = Object.keys(capitals)
    .filter((name) => asked === name || asked.startsWith(`${name} `))
    .sort((left, right) => right.length - left.length)[0];
  const capital = country === undefined ? undefined : capitals[country];
  if (country === undefined || capital === undefined) return null;
  const name =
    country.length <= 3 ? country.toUpperCase() : country.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return { short: capital, sentence: `The capital of ${name} is ${capital}.` };
}
