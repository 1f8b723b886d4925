import type { FindingTexts } from '../finding-text.ts'
import { apache } from './en/apache.ts'
import { caddy } from './en/caddy.ts'
import { envoy } from './en/envoy.ts'
import { haproxy } from './en/haproxy.ts'
import { kubernetes } from './en/kubernetes.ts'
import { nginx } from './en/nginx.ts'
import { probe } from './en/probe.ts'
import { restart } from './en/restart.ts'
import { software } from './en/software.ts'
import { traefik } from './en/traefik.ts'

/** The words of every finding, in English. */
export const en: FindingTexts = {
  ...probe,
  ...restart,
  ...software,
  ...nginx,
  ...haproxy,
  ...caddy,
  ...apache,
  ...traefik,
  ...envoy,
  ...kubernetes,
}
