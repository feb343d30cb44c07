import { readFileSync } from 'node:fs';

export interface StartScript {
  /** For Node itself. */
  readonly flags: readonly string[];
  readonly program: string;
}

export const projectFolder = new URL('../../', import.meta.url);

/** What `npm start` runs in a working copy. */
export const startScriptOf = (folder: URL = projectFolder): StartScript => {
  const packageJson = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  const [, flags = '', program = ''] = /^exec node (.*?)(\S+\.ts)$/.exec(packageJson.scripts.start) ?? [];
  if (program === '') throw new Error('The start script is no longer "exec node … .ts".');
  return { flags: flags.split(' ').filter(Boolean), program };
};
