/** What a command line separates by spaces. */
export const words = (text: string): readonly string[] => text.split(' ').filter(Boolean);

/** Of NAME=value. */
export const environmentOf = (settings: readonly string[]): Record<string, string> =>
  Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s).slice(0, 2)));

/** How many, one at least. */
export const countOf = (name: string, text: string): number => {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new Error(`--${name} takes a whole number from 1 on, not "${text}".`);
};

/** Those of a list with commas, all of which there must be; all there are without a list. */
export const namesOf = (
  kind: string,
  list: string | undefined,
  all: readonly string[],
): readonly string[] => {
  const names = list?.split(',') ?? all;
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no ${kind} ${unknown.join(', ')}. There are ${all.join(', ')}.`);
  }
  return names;
};

/** As a shell has to be told them. */
export const commandLineOf = (args: readonly string[]): string =>
  args.map((arg) => (/^[\w./:=,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`)).join(' ');
