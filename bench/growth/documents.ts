import { maxSelections } from '../../src/plugins/compile-queries.ts';
import type { Site } from '../requests/site.ts';
import { type Question, question } from '../requests/workloads.ts';
import { type Measured, measureSteps, type Step } from './closed-loop.ts';
import type { CostPanel, Series } from './series.ts';
import { withGateway } from './with-gateway.ts';

/** The gateway takes 500 fields at the root, 1,000 aliases and 10,000 tokens. */
const jobCounts = [1, 10, 25, 50, 70, 80, 150, 300, 500];
const fieldCounts = [1, 50, 150, 300, 480, 510, 650, 800, 1000];
const selectionsOfJob = 7;

const times = (count: number, item: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => item(n));

type Write = (name: string, size: number, site: Site) => Question;

const aliasedJobs: Write = (name, size, { jobs }) =>
  question(
    `query ${name} { ${times(size, (n) => `j${n}: job(id: "${jobs[n]?.id}") { id name status progress { current total } }`).join(' ')} }`,
    Object.fromEntries(
      jobs.slice(0, size).map(({ id, name, status, progress }, n) => {
        const { current, total } = progress as { current: number; total: number };
        return [`j${n}`, { id, name, status, progress: { current, total } }];
      }),
    ),
  );

const aliasedFields: Write = (name, size, { jobs: [job] }) =>
  question(`query ${name} { job(id: "${job?.id}") { ${times(size, (n) => `f${n}: name`).join(' ')} } }`, {
    job: Object.fromEntries(times(size, (n) => `f${n}`).map((field) => [field, job?.['name']])),
  });

const sameSteps = (write: Write, sizes: readonly number[], site: Site): readonly Step[] =>
  sizes.map((size) => {
    const always = write('Same', size, site);
    return { size, question: () => always };
  });

/** No two of them are the same text: each is parsed, validated and executed without being compiled. */
const differentSteps = (write: Write, sizes: readonly number[], site: Site): readonly Step[] =>
  sizes.map((size) => ({ size, question: (n) => write(`Different${n}`, size, site) }));

interface Shape {
  readonly title: string;
  readonly unit: string;
  /** Up to which size the same document is compiled. */
  readonly compiledTo: number;
  readonly same: readonly Measured[];
  readonly different: readonly Measured[];
}

const panelOf = ({ title, unit, compiledTo, same, different }: Shape): CostPanel => {
  const points = (measured: readonly Measured[]) =>
    measured.map(({ size, cpuMs }) => ({ size, cost: cpuMs }));
  const isCompiled = ({ size }: Measured) => size <= compiledTo;
  return {
    title,
    xLabel: `${unit} a document`,
    yLabel: 'CPU ms per request',
    xScale: 'linear',
    yScale: 'linear',
    costs: [
      { name: 'the same document, compiled', points: points(same.filter(isCompiled)) },
      {
        name: 'the same, too large to compile',
        points: points(same.filter((measured) => !isCompiled(measured))),
      },
      { name: 'always a new document', points: points(different) },
    ],
  };
};

const rowsOf = ({ unit, same, different }: Shape): readonly (readonly string[])[] =>
  same.map(({ size, cpuMs, perSecond }, n) => [
    `${size.toLocaleString('en')} ${unit}`,
    `${cpuMs.toFixed(2)} ms`,
    perSecond.toFixed(0),
    `${different[n]?.cpuMs.toFixed(2)} ms`,
    different[n]?.perSecond.toFixed(0) ?? '',
  ]);

/** CPU of a document by what it asks for. */
export const measureDocuments = (): Promise<Series> =>
  withGateway(async (server, site) => {
    const measure = async (write: Write, sizes: readonly number[]) => ({
      same: await measureSteps(server, sameSteps(write, sizes, site)),
      different: await measureSteps(server, differentSteps(write, sizes, site)),
    });
    const shapes: readonly Shape[] = [
      {
        title: 'Aliased jobs',
        unit: 'jobs',
        compiledTo: Math.floor((maxSelections - 1) / selectionsOfJob),
        ...(await measure(aliasedJobs, jobCounts)),
      },
      {
        title: 'Aliased fields of one job',
        unit: 'fields',
        compiledTo: maxSelections - 2,
        ...(await measure(aliasedFields, fieldCounts)),
      },
    ];
    return {
      name: 'documents',
      title: 'Document size',
      text: `Documents of so many aliased jobs (one upstream call per 100 of them), and of so many aliased fields of one job. A document that comes again is parsed and validated once, and compiled if it has no more than ${maxSelections} selections (fields in fields count as well): the cost of one more job or field is another beyond that.`,
      head: ['Document', 'Same, CPU a request', 'Requests/s', 'New, CPU a request', 'Requests/s'],
      rows: shapes.flatMap(rowsOf),
      panels: shapes.map(panelOf),
    };
  });
