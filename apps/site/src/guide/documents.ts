// Which documents of the repository the guide is made of, in the order of its index.

/** A part of the guide: its documents, by their paths in the repository. */
export interface GuidePart {
  readonly title: string
  readonly documents: readonly string[]
}

export const guideParts: readonly GuidePart[] = [
  {
    title: 'Getting started',
    documents: [
      'README.md',
      'docs/getting-started.md',
      'docs/README.md',
      'packages/client/README.md',
      'packages/restart/README.md',
    ],
  },
  {
    title: 'Running the gateway',
    documents: [
      'docs/configuration.md',
      'docs/behind-a-proxy.md',
      'docs/coming-from.md',
      'docs/socket-io.md',
      'docs/deploying.md',
      'docs/applications.md',
      'docs/operations.md',
      'docs/logs.md',
      'docs/limits-of-a-machine.md',
      'docs/operators-page.md',
      'docs/metrics.md',
      'docs/tracing.md',
      'docs/replay.md',
      'docs/http.md',
      'docs/performance.md',
      'docs/storms.md',
      'docs/versions.md',
      'docs/faq.md',
    ],
  },
  {
    title: 'Reference',
    documents: [
      'docs/close-table.md',
      'docs/findings.md',
      'docs/examples-of-output.md',
      'docs/restarting.md',
      'docs/restarting-node.md',
      'packages/gateway/README.md',
    ],
  },
  { title: 'The project', documents: ['CHANGELOG.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'] },
]

/** Where a document of the guide lies on the site. */
export function guidePath(document: string): string {
  if (document === 'README.md') return 'en/guide/overview/'
  if (document === 'docs/README.md') return 'en/guide/where-to-look/'
  const name = document
    .replace(/\.md$/, '')
    .replace(/^docs\//, '')
    .replace(/^packages\/(.*)\/README$/, '$1')
    .toLowerCase()
  return `en/guide/${name}/`
}
