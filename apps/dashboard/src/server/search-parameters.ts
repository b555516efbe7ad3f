export type SearchParameters = Readonly<Record<string, string | string[] | undefined>>;

/** One query parameter as text; absent, repeated, empty or oversized ones are not there. */
export function textParameter(parameters: SearchParameters, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === 'string' && value !== '' && value.length <= 500 ? value : undefined;
}
