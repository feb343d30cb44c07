/** The environment, an empty value being the same as none. */
export type Given = Readonly<Record<string, string | undefined>>;

export interface Modes<Mode extends string> {
  readonly names: readonly Mode[];
  /** What the environment says; null where it says something else, which is told elsewhere. */
  modeOf(given: Given): Mode | null;
  /** A sentence on each of these variables that is not there although the mode needs it. */
  missing(given: Given, mode: Mode, needed: readonly string[]): string[];
  /** A sentence on each variable of other modes, which would silently be left unused. */
  unused(given: Given, mode: Mode): string[];
}

/** One variable that chooses a mode, and the variables that only some of the modes use. */
export const createModes = <Mode extends string>(
  chooser: string,
  usual: Mode,
  variablesOf: Readonly<Record<Mode, readonly string[]>>,
): Modes<Mode> => {
  const isMode = (text: string): text is Mode => Object.hasOwn(variablesOf, text);
  const names = Object.keys(variablesOf).filter(isMode);
  return {
    names,
    modeOf(given) {
      const mode = given[chooser] ?? usual;
      return isMode(mode) ? mode : null;
    },
    missing: (given, mode, needed) =>
      needed
        .filter((name) => given[name] === undefined)
        .map((name) => `${name}: is missing, and ${chooser}=${mode} needs it.`),
    unused: (given, mode) =>
      names
        .filter((other) => other !== mode)
        .flatMap((other) =>
          variablesOf[other]
            .filter((name) => given[name] !== undefined)
            .map(
              (name) =>
                `${name}: is set, but only ${chooser}=${other} uses it and ${chooser} is ${mode}. Set ${chooser}=${other}, or leave it out.`,
            ),
        ),
  };
};
