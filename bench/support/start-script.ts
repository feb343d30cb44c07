import { readFileSync } from 'node:fs';
import { environmentOf, words } from './settings.ts';

export interface StartScript {
  readonly env: Readonly<Record<string, string>>;
  /** For Node itself. */
  readonly flags: readonly string[];
  readonly program: string;
}

export const projectFolder = new URL('../../', import.meta.url);

/** What `npm start` runs in a working copy. */
export const startScriptOf = (folder: URL = projectFolder): StartScript => {
  const packageJson = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  const [, settings = '', flags = '', program = ''] =
    /^((?:\w+=\S+ )*)exec node (.*?)(\S+\.ts)$/.exec(packageJson.scripts.start) ?? [];
  if (program === '') throw new Error('The start script is no longer "NAME=value exec node … .ts".');
  return {
    env: environmentOf(words(settings)),
    flags: words(flags),
    program,
  };
};
