import { hasRealData, realJson, realText } from '../../real-data.js'

/** An entry of a log, and what certstream-server-rust says of it. */
export interface RecordedEntry {
  readonly name: string
  readonly log_name: string
  readonly log_url: string
  readonly cert_index: number
  readonly leaf_input: string
  readonly extra_data: string
  readonly expected_full: string
  readonly expected_lite: string
  readonly expected_domains_only: string
}

const liveFile = ['reloading01+certstream-server-rust', 'extracted', 'live_ct.shared.json'] as const

export const recordedEntries = (): RecordedEntry[] => (hasRealData ? realJson<RecordedEntry[]>(...liveFile) : [])

/** Single messages of the other servers, by the server and year they are from. */
export const recordedMessages: Readonly<Record<string, readonly string[]>> = {
  'the Python server, 2017': ['CaliDog+certstream-python', 'extracted', 'readme-message.json'],
  'the Elixir server, 2020': ['CaliDog+certstream-server', 'extracted', 'example.full.json'],
  'the Elixir server, 2018, without DER': ['huydhn+certstream-analytics', 'extracted', 'certstream-447858050.json'],
  'the Elixir server, 2024': ['acidvegas+eris', 'certstream-yeti2025-43061646.json'],
}

export const recordedMessage = (server: string): string => realText(...(recordedMessages[server] ?? []))
