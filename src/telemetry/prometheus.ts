import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type GatewayState, hangUps, limiters, type Metrics } from './metrics.ts';

export interface Prometheus extends Metrics {
  /** Memory, CPU, the event loop and garbage collection as well: once for each process. */
  followProcess(): void;
  readonly contentType: string;
  text(): Promise<string>;
}

/** So many operations are counted by their names, in the order in which they first brought something. */
const maxNames = 100;

const requestSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const waitSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
const sizes = [1, 2, 5, 10, 25, 50, 100];

const nameLimit = (max: number) => {
  // of operations without one
  const known = new Set(['anonymous']);
  return (name: string, isProven: boolean): string => {
    if (known.has(name)) return name;
    // clients choose names: one who makes up new ones must not fill the memory of whoever stores these, and one who
    // is refused must not use up those of the others
    if (!isProven || known.size > max || name.length > 100) return 'other';
    known.add(name);
    return name;
  };
};

/** Set when somebody reads them: there may be thousands of callers to look at. */
const defineGauges = (registers: Registry[]): ((state: GatewayState) => void) => {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const callers = gauge('gateway_budget_callers', 'Callers who have asked upstream lately.');
  const exhausted = gauge('gateway_budget_exhausted_callers', 'Callers who may not ask at present.');
  const throttled = gauge(
    'gateway_budget_throttled_callers',
    'Callers who are left less than the limit since upstream answered them with 429.',
  );
  const lowest = gauge(
    'gateway_budget_remaining_lowest',
    'Requests left this minute to the caller who has least, of those of whom this replica knows; NaN while it knows of none.',
  );
  const open = gauge('gateway_circuit_open', '1 while upstream is left alone for everybody.');
  const openCallers = gauge('gateway_circuit_open_callers', 'Callers for whom upstream is left alone.');
  const answerFields = gauge('gateway_answer_fields', 'Fields of all answers that are being made.');
  const waitingAnswers = gauge(
    'gateway_answers_waiting',
    'Large answers that wait until others are made; beyond 500 they are refused.',
  );
  const watchers = gauge('gateway_watchers', 'Callers who watch something here.');
  const watchedJobs = gauge('gateway_watched_jobs', 'Jobs that are watched here.');
  const redisUp = gauge(
    'gateway_redis_up',
    '1 while Redis is there, or is not used; 0 while this replica is alone.',
  );
  const replicaCount = gauge('gateway_replicas', 'Replicas that were seen lately, this one among them.');
  const missing = gauge('gateway_replicas_missing', 'Replicas that vanished without a goodbye lately.');
  const leases = gauge(
    'gateway_replica_leases',
    'Callers for whom this replica polls in the name of all replicas.',
  );
  const reserved = gauge(
    'gateway_budget_reserved_ratio',
    'The share of each allowance that is kept for replicas that vanished, but for what they were seen to use of it.',
  );
  const parts = gauge(
    'gateway_budget_parts',
    'While Redis is away, this replica takes one of so many parts of each allowance.',
  );
  return (state) => {
    const { answers, budget, circuit, live, replicas } = state();
    redisUp.set(Number(replicas?.isTogether ?? true));
    replicaCount.set(replicas?.count ?? 1);
    missing.set(replicas?.missing ?? 0);
    leases.set(replicas?.leases ?? 0);
    reserved.set(replicas?.reservedShare ?? 0);
    parts.set(replicas?.parts ?? 1);
    callers.set(budget.callers);
    exhausted.set(budget.exhausted);
    throttled.set(budget.throttled);
    lowest.set(budget.lowest ?? Number.NaN);
    open.set(Number(circuit.isOpenForAll));
    openCallers.set(circuit.openCallers);
    answerFields.set(answers.fields);
    waitingAnswers.set(answers.waiting);
    watchers.set(live.watchers);
    watchedJobs.set(live.watchedJobs);
  };
};

/** Metrics in the words of Prometheus. */
export const createPrometheus = (): Prometheus => {
  const registry = new Registry();
  const registers = [registry];
  let state: GatewayState | null = null;
  const nameOf = nameLimit(maxNames);

  const operations = new Counter({
    name: 'gateway_operations_total',
    help: 'Operations that have ended, by the code of their first error.',
    labelNames: ['name', 'type', 'code'],
    registers,
  });
  const durations = new Histogram({
    name: 'gateway_operation_duration_seconds',
    help: 'How long queries and mutations took.',
    labelNames: ['name', 'type', 'code'],
    buckets: requestSeconds,
    registers,
  });
  const calls = new Histogram({
    name: 'gateway_upstream_call_duration_seconds',
    help: 'How long calls to upstream took, one for each attempt.',
    labelNames: ['endpoint', 'status', 'attempt'],
    buckets: requestSeconds,
    registers,
  });
  const limited = new Counter({
    name: 'gateway_rate_limited_total',
    help: 'What was too much, by who said so: a 429 of Wix (wix), the gateway because of one (after_429), its request budget (budget), its limits on callers and addresses (gate), too many large answers at once (answers).',
    labelNames: ['by'],
    registers,
  });
  for (const by of limiters) limited.inc({ by }, 0);
  const ended = new Counter({
    name: 'gateway_hang_ups_total',
    help: 'Connections that were ended because their clients did not read: for too long (patience), or with the most while all together were too much (memory).',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of hangUps) ended.inc({ reason }, 0);
  const budgetWaits = new Histogram({
    name: 'gateway_budget_wait_seconds',
    help: 'How long requests to upstream waited for their turn, with what asking the other replicas took.',
    labelNames: ['lane'],
    buckets: waitSeconds,
    registers,
  });
  const redisCalls = new Histogram({
    name: 'gateway_redis_call_duration_seconds',
    help: 'How long Redis took to answer, or was waited for.',
    buckets: requestSeconds,
    registers,
  });
  const batches = new Histogram({
    name: 'gateway_batch_size',
    help: 'How many keys were asked for together.',
    labelNames: ['loader'],
    buckets: sizes,
    registers,
  });
  const cache = new Counter({
    name: 'gateway_cache_requests_total',
    help: 'What was found in memory (hit), under way for somebody else (joined), or neither (miss).',
    labelNames: ['cache', 'result'],
    registers,
  });
  const polls = new Histogram({
    name: 'gateway_poll_duration_seconds',
    help: 'How long the looks at watched jobs took.',
    labelNames: ['outcome'],
    buckets: requestSeconds,
    registers,
  });
  const intervals = new Histogram({
    name: 'gateway_poll_interval_seconds',
    help: 'How long watchers wait until their next look.',
    buckets: waitSeconds,
    registers,
  });
  const delays = new Histogram({
    name: 'gateway_event_delay_seconds',
    help: 'From asking upstream for news to handing them to a subscriber.',
    buckets: requestSeconds,
    registers,
  });
  const stale = new Counter({
    name: 'gateway_stale_events_total',
    help: 'STALE events that subscribers were told.',
    registers,
  });
  const webhooks = new Counter({
    name: 'gateway_webhooks_total',
    help: 'Webhooks: news, sent before (duplicate), overtaken (late), of something else (other), refused, not read (busy), failed.',
    labelNames: ['result'],
    registers,
  });
  const traces = new Counter({
    name: 'gateway_trace_exports_total',
    help: 'Batches of spans that were sent to the collector, or lost.',
    labelNames: ['result'],
    registers,
  });
  const subscribers = new Gauge({
    name: 'gateway_subscribers',
    help: 'Subscriptions that are open.',
    labelNames: ['transport'],
    registers,
  });
  for (const transport of ['sse', 'ws']) subscribers.set({ transport }, 0);
  const setGauges = defineGauges(registers);

  return {
    operated({ name, type, code, isProven, seconds }) {
      const labels = { name: name === null ? 'unknown' : nameOf(name, isProven), type, code };
      operations.inc(labels);
      if (seconds !== null) durations.observe(labels, seconds);
    },
    upstreamCalled: ({ endpoint, status, attempt, seconds }) =>
      calls.observe({ endpoint, status, attempt }, seconds),
    hungUp: (reason) => ended.inc({ reason }),
    rateLimited: (by) => limited.inc({ by }),
    budgetWaited: (lane, seconds) => budgetWaits.observe({ lane }, seconds),
    redisAsked: (seconds) => redisCalls.observe(seconds),
    batched: (loader, size) => batches.observe({ loader }, size),
    cached: (name, result, count) => cache.inc({ cache: name, result }, count),
    polled({ outcome, seconds, intervalSeconds }) {
      polls.observe({ outcome }, seconds);
      intervals.observe(intervalSeconds);
    },
    delivered: (seconds) => delays.observe(seconds),
    toldStale: () => stale.inc(),
    webhook: (result) => webhooks.inc({ result }),
    tracesSent: (result) => traces.inc({ result }),
    subscribed: (transport, change) => subscribers.inc({ transport }, change),
    follow(now) {
      state = now;
    },
    followProcess: () => collectDefaultMetrics({ register: registry }),
    contentType: registry.contentType,
    async text() {
      if (state !== null) setGauges(state);
      return registry.metrics();
    },
  };
};
