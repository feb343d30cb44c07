import { gateway, type Server, start } from '../requests/servers.ts';
import { createSite, type Site } from '../requests/site.ts';
import { workloads } from '../requests/workloads.ts';
import { startChild } from '../support/child.ts';
import { roam, stayOnCore } from '../support/pinned.ts';

const [measuredCore, otherCore] = [0, 1];

/** The gateway as shipped over the stub, alone on its core; all of it gone afterwards. */
export const withGateway = async <Outcome>(
  measure: (server: Server, site: Site) => Promise<Outcome>,
): Promise<Outcome> => {
  const site = createSite();
  const first = workloads[0]?.questions(site)[0];
  if (first === undefined) throw new Error('There is nothing to ask.');
  stayOnCore(otherCore);
  const upstream = await startChild('requests/stub');
  try {
    const options = { core: measuredCore, upstreamUrl: upstream.ready.url, first };
    const server = await start(gateway({ finishedCache: false }), options);
    try {
      return await measure(server, site);
    } finally {
      await server.process.stop();
    }
  } finally {
    await upstream.stop();
    roam();
  }
};
