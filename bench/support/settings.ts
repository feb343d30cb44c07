/** What a command line separates by spaces. */
export const words = (text: string): readonly string[] => text.split(' ').filter(Boolean);

/** Of NAME=value. */
export const environmentOf = (settings: readonly string[]): Record<string, string> =>
  Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s).slice(0, 2)));
