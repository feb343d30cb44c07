import { existsSync } from 'node:fs';

/** Ends the program with what to do, where the peers and the load are not installed. */
export const endWithoutPeers = (): void => {
  if (existsSync(new URL('../peers/node_modules', import.meta.url))) return;
  console.error('The peers and the load are not installed. Run: npm ci --prefix bench/peers');
  process.exit(1);
};
