/** Ids that the example operations name. */
export interface ExampleIds {
  readonly jobId: string;
  /** A job to watch. */
  readonly runningJobId: string;
}

const listJobs = `# Jobs that failed or are under way, newest first.
# Run it with Ctrl+Enter.
query Jobs {
  jobs(
    first: 10
    filter: {
      status: { in: [IN_PROGRESS, FAILED, PARTIALLY_SUCCESSFUL] }
    }
  ) {
    nodes {
      id
      name
      status
      startedAt
      durationSeconds
      progress {
        percent
        unitsPerSecond
        estimatedFinishAt
      }
      error {
        code
        help
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const oneJob = `# Everything about one job, in a handful of upstream calls.
query Job($id: ID!) {
  job(id: $id) {
    id
    name
    status
    isFinished
    startedAt
    finishedAt
    durationSeconds
    source {
      __typename
      ... on WixDataCollectionSource {
        collectionId
        query {
          ... on FilterQuery {
            filter
            fields
          }
          ... on AggregationQuery {
            aggregationPipeline
            exportedFields: fields {
              key
              displayName
              fieldType
            }
          }
        }
      }
      ... on LocalizationSource {
        languages
      }
      ... on FileSource {
        format
        fileId
      }
      ... on UnsupportedSource {
        kind
        details
      }
    }
    destination {
      __typename
      ... on WixDataCollectionDestination {
        collectionId
        writePolicy
      }
      ... on LocalizationDestination {
        languages
      }
      ... on FileDestination {
        format
        fileName
        url
      }
      ... on UnsupportedDestination {
        kind
        details
      }
    }
    sourceSiteId
    destinationSiteId
    progress {
      current
      total
      itemsSuccessful
      itemsRejected
      percent
      unitsPerSecond
      estimatedFinishAt
    }
    error {
      code
      description
      data
      help
    }
    partialSuccessCause
    logsRecorded
    logs(first: 5) {
      nodes {
        sourceItemId
        failure {
          code
          description
          data
          help
        }
        details
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    schedule {
      id
      name
      enabled
      cronExpression
      nextRunAt
    }
    workflowJobs {
      id
      name
      status
    }
    extendedFields {
      namespaces
    }
    observedAt
  }
}
`;

const schedules = `# Every sync schedule: when it runs and what it moves.
query Schedules {
  schedules {
    id
    name
    enabled
    cronExpression
    lastRunAt
    nextRunAt
    steps {
      source {
        __typename
      }
      destination {
        __typename
      }
    }
  }
}
`;

const watchJob = `# One job until it ends, as it happens. Stop it with the same button.
subscription Watch($id: ID!) {
  jobUpdated(id: $id) {
    kind
    previousStatus
    observedAt
    job {
      name
      status
      progress {
        current
        total
        percent
        estimatedFinishAt
      }
    }
  }
}
`;

/** What the playground opens with. */
export const exampleTabs = ({ jobId, runningJobId }: ExampleIds) => [
  { query: listJobs },
  { query: oneJob, variables: JSON.stringify({ id: jobId }, null, 2) },
  { query: schedules },
  { query: watchJob, variables: JSON.stringify({ id: runningJobId }, null, 2) },
];
