import { job, jobFields, question } from '../requests/workloads.ts';
import { measureSteps } from './closed-loop.ts';
import type { Series } from './series.ts';
import { withGateway } from './with-gateway.ts';

const sizes = [1, 5, 10, 25, 50, 100];

/** CPU of a list by the jobs on its page. */
export const measurePages = (): Promise<Series> =>
  withGateway(async (server, site) => {
    const steps = sizes.map((size) => {
      const list = question(`query List { jobs(first: ${size}) { nodes { ${jobFields} } } }`, {
        jobs: { nodes: site.jobs.slice(0, size).map(job) },
      });
      return { size, question: () => list };
    });
    const measured = await measureSteps(server, steps);
    return {
      name: 'pages',
      title: 'Upstream page size',
      text: 'A list of so many jobs, each with twelve fields: one upstream call with a page of that size.',
      head: ['Jobs a page', 'CPU per 1,000 requests', 'CPU per 1,000 jobs', 'Requests/s'],
      rows: measured.map(({ size, cpuMs, perSecond }) => [
        String(size),
        `${(cpuMs * 1000).toFixed(0)} ms`,
        `${((cpuMs * 1000) / size).toFixed(1)} ms`,
        perSecond.toFixed(0),
      ]),
      panels: [
        {
          title: 'A list by its page size',
          xLabel: 'jobs a page',
          yLabel: 'CPU ms per 1,000 requests',
          xScale: 'linear',
          yScale: 'linear',
          costs: [{ name: 'CPU', points: measured.map(({ size, cpuMs }) => ({ size, cost: cpuMs * 1000 })) }],
        },
      ],
    };
  });
