import { namesOf } from '../support/settings.ts';
import type { JobRow, ScheduleRow, Site } from './site.ts';

/** One request of a workload, and the answer that the rows of REST say it must have. */
export interface Question {
  readonly body: string;
  readonly expected: unknown;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** Of the gateway: whether finished jobs may be served without asking again. */
  readonly finishedCache: boolean;
  /** Several that differ, so that nobody can answer two of them with one upstream call. */
  questions(site: Site): readonly Question[];
}

export const jobFields =
  'id name status startedAt finishedAt logsRecorded scheduleId progress { current total itemsSuccessful itemsRejected }';
const scheduleFields = 'id name enabled cronExpression';

export const job = ({
  id,
  name,
  status,
  startedAt,
  finishedAt,
  logsRecorded,
  scheduleId,
  progress,
}: JobRow) => ({
  ...{ id, name, status, startedAt, finishedAt: finishedAt ?? null, logsRecorded, scheduleId, progress },
});
const schedule = ({ id, name, enabled, cronExpression }: ScheduleRow) => ({
  id,
  name,
  enabled,
  cronExpression,
});

export const question = (query: string, data: object, variables: object = {}): Question => ({
  body: JSON.stringify({ query, variables }),
  expected: { data },
});

const variants = 32;
const times = <Item>(count: number, item: (n: number) => Item): Item[] =>
  Array.from({ length: count }, (_, n) => item(n));

const oneJob = (rows: readonly JobRow[]): readonly Question[] =>
  rows
    .slice(0, variants)
    .map((row) =>
      question(`query One($id: ID!) { job(id: $id) { ${jobFields} } }`, { job: job(row) }, { id: row.id }),
    );

const aliases = times(20, (n) => `job${n}`);
const aliasedDocument = `query Many(${aliases.map((name) => `$${name}: ID!`).join(', ')}) { ${aliases
  .map((name) => `${name}: job(id: $${name}) { ${jobFields} }`)
  .join(' ')} }`;

export const workloads: readonly Workload[] = [
  {
    name: 'one',
    title: 'one job(id)',
    finishedCache: false,
    questions: ({ jobs }) => oneJob(jobs),
  },
  {
    name: 'list',
    title: 'list of 50',
    finishedCache: false,
    questions: ({ jobs }) => [
      question(`query List { jobs(first: 50) { nodes { ${jobFields} } } }`, {
        jobs: { nodes: jobs.slice(0, 50).map(job) },
      }),
    ],
  },
  {
    name: 'aliases',
    title: '20 aliased jobs',
    finishedCache: false,
    questions: ({ jobs }) =>
      times(variants, (variant) => {
        const rows = aliases.map((name, n) => [name, jobs[(variant * 13 + n) % jobs.length]] as const);
        return question(
          aliasedDocument,
          Object.fromEntries(rows.map(([name, row]) => [name, row ? job(row) : null])),
          Object.fromEntries(rows.map(([name, row]) => [name, row?.id])),
        );
      }),
  },
  {
    name: 'schedules',
    title: '50 jobs + schedules',
    finishedCache: false,
    questions: ({ jobs, schedules }) => {
      const byId = new Map(schedules.map((row) => [row.id, schedule(row)]));
      return [
        question(
          `query Scheduled { jobs(first: 50) { nodes { ${jobFields} schedule { ${scheduleFields} } } } }`,
          {
            jobs: {
              nodes: jobs.slice(0, 50).map((row) => ({ ...job(row), schedule: byId.get(row.scheduleId) })),
            },
          },
        ),
      ];
    },
  },
  {
    name: 'finished',
    title: 'one finished job',
    finishedCache: true,
    questions: ({ jobs }) => oneJob(jobs.filter(({ finishedAt }) => finishedAt !== undefined)),
  },
];

/** Those of a list with commas; all without one. */
export const workloadsNamed = (list: string | undefined): readonly Workload[] => {
  const names = namesOf(
    'workload',
    list,
    workloads.map(({ name }) => name),
  );
  return workloads.filter(({ name }) => names.includes(name));
};
